import type { MessageRecord } from '../../models/messageModel.js';
import { fold } from '../membership/membership.js';
import { toControlEntry } from '../membership/membershipStore.js';
import type { Lane } from './lane.js';
import type { CommitLogParts } from './parts.js';

/**
 * A control entry was stored: from its place on the conversation is another one. The lane's membership was the one at
 * the end of the log just before it, or the entry would not have got its place.
 */
export function applyControl(
  parts: Pick<CommitLogParts, 'memberships' | 'membershipWriter'>,
  lane: Lane,
  record: MessageRecord,
): void {
  const entry = toControlEntry(record);
  const before = lane.membership;
  if (entry === undefined || before === undefined) return;
  // Of a channel only those are known whom the entry was judged by.
  const known = before.type === 'channel' ? { ...before, members: lane.facts } : before;
  const after = fold(known, entry);
  lane.membership = after;
  parts.memberships.put(after);
  parts.membershipWriter.note({ before, entries: [entry], after, oldestId: record._id });
}
