import type { MessageRecord } from '../../models/messageModel.js';
import { fold, toMembershipEvent } from '../membership/index.js';
import type { LogView } from './logView.js';
import type { CommitLogDeps } from './deps.js';

/**
 * Applies a stored membership event to the `LogView` of its conversation. `log.membership` is then the membership just
 * before the event: with an older one, the event would not have got its `seq`.
 */
export function applyMembershipEvent(
  deps: Pick<CommitLogDeps, 'memberships' | 'membershipWriter'>,
  log: LogView,
  record: MessageRecord,
): void {
  const entry = toMembershipEvent(record);
  const before = log.membership;
  if (entry === undefined || before === undefined) return;
  // For channels, only the members that this entry was checked against are loaded.
  const known = before.type === 'channel' ? { ...before, members: log.facts } : before;
  const after = fold(known, entry);
  log.membership = after;
  deps.memberships.put(after);
  deps.membershipWriter.note({ before, entries: [entry], after, oldestId: record._id });
}
