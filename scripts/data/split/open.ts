import { emptyConversation } from '../../../backend/src/models/emptyConversation.js';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import type { Stored } from '../frame/stored.js';
import type { MoveParts } from './move.js';
import { SeqMap, type Target } from './plan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

/** State that new conversations inherit from the old one. */
export interface Opening extends MoveParts {
  old: Stored;
  /** Name of a conversation of unattributed messages. */
  unattributedName: string;
}

/** Creates the new conversations without participants: they are invisible until they are complete. */
export async function makeTargets({
  context,
  journal,
  from,
  plan,
  old,
  unattributedName,
}: Opening): Promise<void> {
  for (const { _id, kind, members } of plan.targets) {
    await journal.write([{ kind: 'split-target', id: _id }]);
    const isUnattributed = kind === 'apart';
    const createdAt = (old['createdAt'] as Date | undefined) ?? from.getTimestamp();
    const [first] = members;
    const createdBy = members.includes(String(old['createdBy'])) ? String(old['createdBy']) : first;
    await context.collection('conversations').updateOne(
      { _id },
      {
        $setOnInsert: {
          type: isUnattributed ? 'group' : 'direct',
          participants: [],
          createdBy,
          memberCount: members.length,
          ...emptyConversation(0, createdAt),
          splitFrom: from,
          ...(isUnattributed && {
            control: 1,
            name: unattributedName,
            history: 'all',
            open: false,
            removalSeq: 0,
          }),
        },
      },
      { upsert: true, writeConcern: COMMITTED },
    );
    if (isUnattributed && first !== undefined) {
      await context.collection('messages').updateOne(
        { conversationId: _id, seq: 1 },
        {
          $setOnInsert: {
            n: 0,
            control: 1,
            controlSeq: 1,
            senderId: first,
            clientMessageId: 'sys:created',
            payloadHash: '',
            kind: 'system',
            content: '',
            createdAt,
            action: {
              type: 'created',
              members: [{ userId: first, role: 'owner' }],
              name: unattributedName,
              history: 'all',
              open: false,
            },
          },
        },
        { upsert: true, writeConcern: COMMITTED },
      );
    }
  }
}

/**
 * Makes the new conversations visible. One write completes and publishes each.
 *
 * @returns targets whose pair already has another conversation; the two have to be merged.
 */
export async function openTargets(opening: Opening): Promise<Target[]> {
  const { context, journal, plan, old, from } = opening;
  const members = context.collection('members');
  const olds = await members.find({ conversationId: from }).toArray();
  const duplicates: Target[] = [];
  for (const target of plan.targets) {
    const seqMap = new SeqMap(plan, target);
    for (const userId of target.members) {
      const own = olds.find((one) => one['userId'] === userId);
      const hidden = await hiddenOf(opening, { seqMap, userId });
      await members.updateOne(
        { conversationId: target._id, userId },
        { $setOnInsert: memberStateIn(seqMap, own, hidden), $currentDate: { changedAt: true } },
        { upsert: true, writeConcern: COMMITTED },
      );
    }
    const summary = {
      ...(await summaryOf(opening, target)),
      ...inheritedFields(old, { seqMap, target }),
      rev: await revOf(opening, target),
    };
    await journal.write([{ kind: 'split-open', id: target._id }]);
    const isFirst = await open(opening, target, summary);
    if (!isFirst) duplicates.push(target);
  }
  return duplicates;
}

/** @returns false when another conversation holds the key of this pair. */
async function open({ context }: Opening, target: Target, summary: Stored): Promise<boolean> {
  const conversations = context.collection('conversations');
  const filter = { _id: target._id, participants: { $size: 0 } };
  const fields = { ...summary, participants: target.members };
  const $currentDate = { changedAt: true } as const;
  const [a, b] = target.members;
  if (target.kind === 'pair' && a !== undefined && b !== undefined) {
    try {
      const $set = { ...fields, participantsKey: participantsKey(a, b) };
      await conversations.updateOne(filter, { $set, $currentDate }, { writeConcern: COMMITTED });
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
  await conversations.updateOne(filter, { $set: fields, $currentDate }, { writeConcern: COMMITTED });
  return target.kind === 'apart';
}

/** Derives the summary from the messages, as a server does. */
async function summaryOf({ context }: Opening, { _id, members, kind }: Target): Promise<Stored> {
  const cursor = context
    .collection('messages')
    .find(
      { conversationId: _id },
      {
        projection: {
          seq: 1,
          n: 1,
          control: 1,
          senderId: 1,
          createdAt: 1,
          shadow: 1,
          quiet: 1,
          deletedAt: 1,
        },
      },
    )
    .sort({ seq: 1 });
  const summary: Stored = { lastSeq: 0, messageCount: 0 };
  const sent = new Map<string, { seq: number; n: number }>();
  const quiet = new Map<string, { seq: number; n: number }>();
  for await (const message of cursor) {
    const [seq, n] = [Number(message['seq']), Number(message['n'])];
    summary['lastSeq'] = seq;
    summary['messageCount'] = n;
    summary['tail'] = { seq, id: message._id, control: Number(message['control']) };
    if (message['shadow'] === true) continue;
    if (message['deletedAt'] !== undefined) summary['lastDeletedSeq'] = seq;
    summary['shown'] = { seq, id: message._id };
    summary['lastMessageAt'] = message['createdAt'] as Date;
    (message['quiet'] === true ? quiet : sent).set(String(message['senderId']), { seq, n });
  }
  const lasts = members.map((userId) => sent.get(userId) ?? { seq: 0, n: 0 });
  if (kind === 'apart') return { ...summary, maybeUnread: [] };
  const lastQuiet = Object.fromEntries(
    members.flatMap((userId, at) => (quiet.has(userId) ? [[String(at), quiet.get(userId)]] : [])),
  );
  return {
    ...summary,
    maybeUnread: members,
    lastSent: lasts.map(({ seq }) => seq),
    lastSentN: lasts.map(({ n }) => n),
    ...(quiet.size > 0 && { lastQuiet }),
  };
}

/** Returns the `rev` up to which all changes are applied to the messages: those that were applied in the old log. */
async function revOf({ context, old }: Opening, { _id }: Target): Promise<number> {
  return context
    .collection('changes')
    .countDocuments({ conversationId: _id, oldRev: { $lte: Number(old['rev'] ?? 0) } });
}

function inheritedFields(old: Stored, { seqMap, target }: { seqMap: SeqMap; target: Target }): Stored {
  const pinned = ((old['pinned'] as number[] | undefined) ?? []).flatMap(
    (seq) => seqMap.at(seq)?.toSeq ?? [],
  );
  const occasions = ((old['occasions'] as Stored[] | undefined) ?? []).filter(({ startedBy }) =>
    isOccasionOf(startedBy, { old, target }),
  );
  const blockedBy = ((old['blockedBy'] as string[] | undefined) ?? []).filter((one) =>
    target.members.includes(one),
  );
  const isClosed = target.members.includes(String(old['closedBy']));
  return {
    ...(pinned.length > 0 && { pinned }),
    ...(target.kind === 'pair' && { occasions }),
    ...(target.kind === 'pair' && blockedBy.length > 0 && { blockedBy }),
    ...(target.kind === 'pair' && isClosed && { closedBy: old['closedBy'] as string }),
  };
}

/** An occasion moves to the pair of its starter, if there is only one such pair. The hub may have started several. */
function isOccasionOf(startedBy: unknown, { old, target }: { old: Stored; target: Target }): boolean {
  const pairs = (old['splitTargets'] as Target[] | undefined) ?? [];
  const theirs = pairs.filter(({ kind, members }) => kind === 'pair' && members.includes(String(startedBy)));
  return theirs.length === 1 && theirs[0]?._id.equals(target._id) === true;
}

/** Messages that a member has deleted for themselves. */
interface Hidden {
  /** The last of them; 0 for none. */
  lastSeq: number;
  /** `n` of those from others. */
  ns: readonly number[];
}

/** Returns what a member has hidden. Hides have been moved before. */
async function hiddenOf(
  { context }: Opening,
  { seqMap, userId }: { seqMap: SeqMap; userId: string },
): Promise<Hidden> {
  const found = await context
    .collection('hides')
    .find({ userId, conversationId: seqMap.target._id }, { projection: { seq: 1 } })
    .toArray();
  const seqs = new Set(found.map(({ seq }) => Number(seq)));
  return {
    lastSeq: [...seqs].reduce((last, seq) => Math.max(last, seq), 0),
    ns: seqMap.moves.flatMap(({ toSeq, toN, senderId }) =>
      seqs.has(toSeq) && senderId !== userId ? [toN] : [],
    ),
  };
}

const KEPT = ['pinnedAt', 'mutedUntil', 'archivedAt', 'markedUnread'] as const;

/** Converts the state of a member from the old conversation to a new one. */
function memberStateIn(seqMap: SeqMap, old: Stored | undefined, hiddenNow: Hidden): Stored {
  const upTo = (name: string) => seqMap.upTo(Number(old?.[name] ?? 0));
  const [delivered, cleared] = [upTo('lastDeliveredSeq'), upTo('clearedSeq')];
  // The only member has sent every message, so everything is read.
  const isAlone = seqMap.target.kind === 'apart';
  const read = isAlone ? seqMap.upTo(Number.MAX_SAFE_INTEGER) : upTo('lastReadSeq');
  const hidden = upTo('hiddenSeq');
  const [privateRead, privateDelivered] = [upTo('privateReadSeq'), upTo('privateDeliveredSeq')];
  const unreadHidden = hiddenNow.ns.filter((n) => n > read.n);
  return {
    lastReadSeq: read.seq,
    lastReadN: read.n,
    lastDeliveredSeq: Math.max(read.seq, delivered.seq),
    ...Object.fromEntries(
      KEPT.flatMap((name) => (old?.[name] === undefined ? [] : [[name, old[name] as unknown]])),
    ),
    ...(old?.['archivedAt'] !== undefined && { archivedN: seqMap.upTo(Number.MAX_SAFE_INTEGER).n }),
    ...(privateRead.seq > 0 && { privateReadSeq: privateRead.seq, privateReadN: privateRead.n }),
    ...(privateDelivered.seq > 0 && { privateDeliveredSeq: privateDelivered.seq }),
    ...(cleared.seq > 0 && { clearedSeq: cleared.seq, clearedN: cleared.n }),
    ...(hidden.seq > 0 && { hiddenSeq: hidden.seq, hiddenN: hidden.n }),
    ...(hiddenNow.lastSeq > 0 && { lastHiddenSeq: hiddenNow.lastSeq }),
    ...(unreadHidden.length > 0 && { hiddenNs: unreadHidden }),
    ...(isAlone && { role: 'owner', rank: 0, joinedSeq: 1, controlSeq: 1 }),
  };
}
