import type { ConversationId } from '../../../contract/index.js';
import { GONE, RANKS } from '../../../backend/src/models/memberDocument.js';
import { toRecord } from '../../../backend/src/models/messageDocument.js';
import {
  changeOf,
  fold,
  nobodyIn,
  type ControlEntry,
  type Membership,
} from '../../../backend/src/services/membership/membership.js';
import { toControlEntry } from '../../../backend/src/services/membership/membershipStore.js';
import { canonical, setFields } from '../frame/changes.js';
import type { Step, Stored, TaskContext } from '../frame/task.js';
import { FROM_PRIMARY, insertMissing, newIdOf, numberOf, type ObjectId } from '../merge/stored.js';
import type { LogRepair } from './readLog.js';

/** Who is in a conversation by its log. */
interface Derived {
  /** Of the conversation's own document. */
  fields: Stored;
  membership: Membership | undefined;
  /** Of groups and channels: the last entry that named each of them, and whether it took them out. */
  marks: Map<string, { seq: number; isGone: boolean }>;
}

interface Wanted {
  conversation: Stored;
  log: LogRepair;
}

/** A group from before there were control entries says by itself who is in it. */
export function membersOf({ conversation, log }: Wanted): Derived {
  const { type, participants } = conversation;
  const people = Array.isArray(participants) ? (participants as string[]) : [];
  const isGroup = type === 'group' || type === 'channel';
  const entries = log.controls.flatMap((control) => entryOf(conversation, control));
  const isFounded = entries[0]?.action.type === 'created';
  if (!isGroup || !isFounded) {
    return { fields: { memberCount: people.length }, membership: undefined, marks: new Map() };
  }
  const start = {
    ...nobodyIn(String(conversation['_id']) as ConversationId),
    ...{ type: type as Membership['type'], isApart: type === 'channel', control: 0 },
  } satisfies Membership;
  const membership = entries.reduce(fold, start);
  const marks: Derived['marks'] = new Map();
  for (const entry of entries) {
    const { joined, gone } = changeOf(entry);
    for (const userId of joined) marks.set(userId, { seq: entry.seq, isGone: false });
    for (const userId of gone) marks.set(userId, { seq: entry.seq, isGone: true });
  }
  const fields = {
    ...{
      memberCount: membership.memberCount,
      control: membership.control,
      removalSeq: membership.removalSeq,
    },
    ...(membership.isApart
      ? { apart: true, ...(participants !== undefined && type === 'group' && { participants: undefined }) }
      : { participants: [...membership.members.keys()].sort() }),
  };
  return { fields, membership, marks };
}

function entryOf(conversation: Stored, control: Stored): ControlEntry[] {
  const message = {
    ...control,
    conversationId: conversation['_id'] as ObjectId,
    content: '',
    kind: 'system',
  };
  // Whatever stands there is looked at by `toRecord`, which makes a sound one of it.
  const entry = toControlEntry(toRecord(message as unknown as Parameters<typeof toRecord>[0]));
  return entry === undefined ? [] : [entry];
}

/** A position beyond the end is cut to it; how many messages lie before it is counted again. */
function positionFields(member: Stored, log: LogRepair): Stored {
  const lastReadSeq = Math.min(numberOf(member['lastReadSeq']), log.lastSeq);
  const lastDeliveredSeq = Math.max(lastReadSeq, Math.min(numberOf(member['lastDeliveredSeq']), log.lastSeq));
  const count = lastReadSeq === log.lastSeq ? log.counted : log.countAt.get(lastReadSeq);
  return { lastReadSeq, lastDeliveredSeq, ...(count !== undefined && { lastReadN: count }) };
}

function standingFields(userId: string, { membership, marks }: Derived): Stored {
  const mark = marks.get(userId);
  if (membership === undefined || mark === undefined) return {};
  if (mark.isGone) return { rank: GONE, leftSeq: mark.seq };
  const facts = membership.members.get(userId as never);
  if (facts === undefined) return {};
  return {
    ...{ role: facts.role, rank: RANKS[facts.role], joinedSeq: facts.joinedSeq, leftSeq: undefined },
    // By it a member finds what keeps no list of its members.
    apart: membership.isApart ? true : undefined,
  };
}

export async function* toMemberSteps(
  context: TaskContext,
  { conversation, members: derived, log }: Wanted & { members: Derived },
): AsyncGenerator<Step> {
  const conversationId = conversation['_id'] as ObjectId;
  const members = context.collection('members');
  const known = new Set<string>();
  for await (const member of members.find({ conversationId }, FROM_PRIMARY)) {
    const userId = String(member['userId']);
    known.add(userId);
    const wanted = { ...positionFields(member, log), ...standingFields(userId, derived) };
    const off = Object.fromEntries(
      Object.entries(wanted).filter(([name, value]) => canonical(member[name]) !== canonical(value)),
    );
    if (Object.keys(off).length === 0) continue;
    yield {
      lines: [`member ${userId} of ${String(conversationId)}: ${Object.keys(off).join(', ')}`],
      counts: { membersRepaired: 1 },
      changes: [setFields('members', member, off)],
    };
  }
  for (const [userId, mark] of derived.marks) {
    if (known.has(userId)) continue;
    const _id = newIdOf(conversationId, userId, 'member');
    const before = mark.seq - 1;
    const base = {
      ...{ lastReadSeq: before, lastReadN: log.countAt.get(before) ?? 0, lastDeliveredSeq: before },
      controlSeq: mark.seq,
    };
    const document = {
      ...{ _id, conversationId, userId, ...base, changedAt: new Date() },
      ...Object.fromEntries(
        Object.entries(standingFields(userId, derived)).filter(([, value]) => value !== undefined),
      ),
    };
    yield {
      lines: [`member ${userId} of ${String(conversationId)}: is named by the log and has no document`],
      counts: { membersMade: 1 },
      apply: async (journal) => {
        await journal.write([{ kind: 'inserted', collection: 'members', id: _id, document }]);
        await insertMissing(members, [document]);
        return undefined;
      },
    };
  }
}
