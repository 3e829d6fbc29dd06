import type { ConversationId, UserId } from '../../../contract/index.js';
import { RANK_LEFT, RANKS, type Absence } from '../../../backend/src/models/memberDocument.js';
import { absencesAfter } from '../../../backend/src/services/membership/absences.js';
import { toRecord } from '../../../backend/src/models/messageDocument.js';
import {
  changeOf,
  fold,
  emptyMembership,
  type MembershipEvent,
  type Membership,
} from '../../../backend/src/services/membership/membership.js';
import { toMembershipEvent } from '../../../backend/src/services/membership/membershipStore.js';
import { canonical, setFields } from '../frame/changes.js';
import type { Stored } from '../frame/stored.js';
import type { Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { FROM_PRIMARY, insertMissing, newIdOf, numberOf, type ObjectId } from '../merge/stored.js';
import type { LogRepair } from './readLog.js';

/** Membership derived from the log. */
interface Derived {
  /** Fields of the conversation document. */
  fields: Stored;
  membership: Membership | undefined;
  /** The last entry that names each user, and whether that entry removed the user. Groups and channels only. */
  marks: Map<string, { seq: number; isGone: boolean }>;
  /** Periods in which a user was not a member between two memberships. */
  absences: ReadonlyMap<UserId, readonly Absence[]>;
}

interface Wanted {
  conversation: Stored;
  log: LogRepair;
}

/**
 * Derives the membership of a conversation. Groups created before membership events existed list their members in the
 * document. If the `created` entry of a group is missing, its `members` documents are counted.
 */
export async function membersOf(context: TaskContext, { conversation, log }: Wanted): Promise<Derived> {
  const { type, participants } = conversation;
  const people = Array.isArray(participants) ? (participants as string[]) : [];
  const isGroup = type === 'group' || type === 'channel';
  const entries = log.controls.flatMap((control) => entryOf(conversation, control));
  const isFounded = entries[0]?.action.type === 'created';
  if (!isGroup || !isFounded) {
    const isLost = isGroup && numberOf(conversation['control']) > 0;
    const memberCount = isLost ? await countMembers(context, conversation) : people.length;
    return { fields: { memberCount }, membership: undefined, marks: new Map(), absences: new Map() };
  }
  const start = {
    ...emptyMembership(String(conversation['_id']) as ConversationId),
    type: type as Membership['type'],
    isLarge: type === 'channel',
    control: 0,
  } satisfies Membership;
  const membership = entries.reduce(fold, start);
  const marks: Derived['marks'] = new Map();
  for (const entry of entries) {
    const { joined, gone } = changeOf(entry);
    for (const userId of joined) marks.set(userId, { seq: entry.seq, isGone: false });
    for (const userId of gone) marks.set(userId, { seq: entry.seq, isGone: true });
  }
  const fields = {
    memberCount: membership.memberCount,
    control: membership.control,
    removalSeq: membership.removalSeq,
    ...(membership.isLarge
      ? { apart: true, ...(participants !== undefined && type === 'group' && { participants: undefined }) }
      : { participants: [...membership.members.keys()].sort() }),
  };
  return { fields, membership, marks, absences: absencesAfter(membership.type, entries, []) };
}

const countMembers = (context: TaskContext, { _id }: Stored): Promise<number> =>
  context
    .collection('members')
    .countDocuments({ conversationId: _id as ObjectId, rank: { $lt: RANK_LEFT } }, FROM_PRIMARY);

function entryOf(conversation: Stored, control: Stored): MembershipEvent[] {
  const message = {
    ...control,
    conversationId: conversation['_id'] as ObjectId,
    content: '',
    kind: 'system',
  };
  // `toRecord` validates the stored fields and returns a valid record.
  const entry = toMembershipEvent(toRecord(message as unknown as Parameters<typeof toRecord>[0]));
  return entry === undefined ? [] : [entry];
}

/** Positions beyond the tail are cut to it. The counts at the positions are recomputed. */
function positionFields(member: Stored, log: LogRepair): Stored {
  const lastReadSeq = Math.min(numberOf(member['lastReadSeq']), log.lastSeq);
  const lastDeliveredSeq = Math.max(lastReadSeq, Math.min(numberOf(member['lastDeliveredSeq']), log.lastSeq));
  const count = lastReadSeq === log.lastSeq ? log.counted : log.countAt.get(lastReadSeq);
  return {
    lastReadSeq,
    lastDeliveredSeq,
    ...(count !== undefined && { lastReadN: count }),
    ...privateFields(member, log),
  };
}

/** Positions hidden from other members. Most members have none. */
function privateFields(member: Stored, log: LogRepair): Stored {
  const { privateReadSeq, privateDeliveredSeq } = member;
  const readSeq = Math.min(numberOf(privateReadSeq), log.lastSeq);
  const count = readSeq === log.lastSeq ? log.counted : log.countAt.get(readSeq);
  return {
    ...(privateReadSeq !== undefined && { privateReadSeq: readSeq }),
    ...(privateReadSeq !== undefined && count !== undefined && { privateReadN: count }),
    ...(privateDeliveredSeq !== undefined && {
      privateDeliveredSeq: Math.min(numberOf(privateDeliveredSeq), log.lastSeq),
    }),
  };
}

/** Fields that follow from the membership events. @param member the existing document, if any. */
function membershipFields(userId: string, { membership, marks, absences }: Derived, member?: Stored): Stored {
  const mark = marks.get(userId);
  if (membership === undefined) return {};
  if (mark === undefined) {
    // The log names every user who was ever a member. This one is counted as a member but was never named.
    const counts = typeof member?.['rank'] === 'number' && member['rank'] < RANK_LEFT;
    return counts ? { rank: RANK_LEFT, leftSeq: membership.control } : {};
  }
  const away = absences.get(userId as UserId);
  const absence = away === undefined ? {} : { absences: away };
  if (mark.isGone) return { ...absence, rank: RANK_LEFT, leftSeq: mark.seq };
  const facts = membership.members.get(userId as never);
  if (facts === undefined) return {};
  return {
    ...absence,
    role: facts.role,
    rank: RANKS[facts.role],
    joinedSeq: facts.joinedSeq,
    leftSeq: undefined,
    // Members of conversations that store no participant list find them through this flag.
    apart: membership.isLarge ? true : undefined,
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
    const wanted = { ...positionFields(member, log), ...membershipFields(userId, derived, member) };
    const differing = Object.fromEntries(
      Object.entries(wanted).filter(([name, value]) => canonical(member[name]) !== canonical(value)),
    );
    if (Object.keys(differing).length === 0) continue;
    yield {
      lines: [`member ${userId} of ${String(conversationId)}: ${Object.keys(differing).join(', ')}`],
      counts: { membersRepaired: 1 },
      changes: [setFields('members', member, differing)],
    };
  }
  for (const [userId, mark] of derived.marks) {
    if (known.has(userId)) continue;
    const _id = newIdOf(conversationId, userId, 'member');
    const before = mark.seq - 1;
    const base = {
      lastReadSeq: before,
      lastReadN: log.countAt.get(before) ?? 0,
      lastDeliveredSeq: before,
      controlSeq: mark.seq,
    };
    const document = {
      _id,
      conversationId,
      userId,
      ...base,
      changedAt: new Date(),
      ...Object.fromEntries(
        Object.entries(membershipFields(userId, derived)).filter(([, value]) => value !== undefined),
      ),
    };
    yield {
      lines: [
        `member ${userId} of ${String(conversationId)}: has no document although the log names the user`,
      ],
      counts: { membersMade: 1 },
      apply: async (journal) => {
        await journal.write([{ kind: 'inserted', collection: 'members', id: _id, document }]);
        await insertMissing(members, [document]);
        return undefined;
      },
    };
  }
}
