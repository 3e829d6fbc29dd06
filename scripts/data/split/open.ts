import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import type { Stored } from '../frame/task.js';
import type { MoveParts } from './move.js';
import { Places, type Target } from './plan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

/** What a new conversation takes over from the old one. */
export interface Opening extends MoveParts {
  old: Stored;
  /** What a conversation of messages without addressee is called. */
  apartName: string;
}

/** Makes the documents of the new conversations, in which nobody is yet: nobody sees them before they are whole. */
export async function makeTargets({ context, journal, from, plan, old, apartName }: Opening): Promise<void> {
  for (const { _id, kind, members } of plan.targets) {
    await journal.write([{ kind: 'split-target', id: _id }]);
    const isApart = kind === 'apart';
    const createdAt = (old['createdAt'] as Date | undefined) ?? from.getTimestamp();
    const [first] = members;
    const createdBy = members.includes(String(old['createdBy'])) ? String(old['createdBy']) : first;
    await context.collection('conversations').updateOne(
      { _id },
      {
        $setOnInsert: {
          ...{ type: isApart ? 'group' : 'direct', participants: [], createdBy, memberCount: members.length },
          ...{ messageCount: 0, lastSeq: 0, rev: 0, lastSent: [], maybeUnread: [], occasions: [] },
          ...{ createdAt, lastMessageAt: createdAt, changedAt: createdAt, splitFrom: from },
          ...(isApart && { control: 1, name: apartName, history: 'all', open: false, removalSeq: 0 }),
        },
      },
      { upsert: true, writeConcern: COMMITTED },
    );
    if (isApart && first !== undefined) {
      await context.collection('messages').updateOne(
        { conversationId: _id, seq: 1 },
        {
          $setOnInsert: {
            ...{ n: 0, control: 1, controlSeq: 1, senderId: first, clientMessageId: 'sys:created' },
            ...{ payloadHash: '', kind: 'system', content: '', createdAt },
            action: {
              ...{ type: 'created', members: [{ userId: first, role: 'owner' }], name: apartName },
              ...{ history: 'all', open: false },
            },
          },
        },
        { upsert: true, writeConcern: COMMITTED },
      );
    }
  }
}

/**
 * Opens the new conversations, each in one write that makes it whole and seen.
 *
 * @returns those whose pair has another conversation already: two to be merged.
 */
export async function openTargets(opening: Opening): Promise<Target[]> {
  const { context, journal, plan, old, from } = opening;
  const members = context.collection('members');
  const olds = await members.find({ conversationId: from }).toArray();
  const duplicates: Target[] = [];
  for (const target of plan.targets) {
    const place = new Places(plan, target);
    for (const userId of target.members) {
      const own = olds.find((one) => one['userId'] === userId);
      const hidden = await hiddenNsOf(opening, { place, userId });
      await members.updateOne(
        { conversationId: target._id, userId },
        { $setOnInsert: ownStateIn(place, own, hidden), $currentDate: { changedAt: true } },
        { upsert: true, writeConcern: COMMITTED },
      );
    }
    const summary = {
      ...(await summaryOf(opening, target)),
      ...takenOver(old, { place, target }),
      rev: await revOf(opening, target),
    };
    await journal.write([{ kind: 'split-open', id: target._id }]);
    const isFirst = await open(opening, target, summary);
    if (!isFirst) duplicates.push(target);
  }
  return duplicates;
}

/** False where another conversation has the key of this pair. */
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

/** What the messages make of a conversation: as a server derives it. */
async function summaryOf({ context }: Opening, { _id, members, kind }: Target): Promise<Stored> {
  const cursor = context
    .collection('messages')
    .find(
      { conversationId: _id },
      { projection: { seq: 1, n: 1, control: 1, senderId: 1, createdAt: 1, shadow: 1 } },
    )
    .sort({ seq: 1 });
  const summary: Stored = { lastSeq: 0, messageCount: 0 };
  const sent = new Map<string, { seq: number; n: number }>();
  for await (const message of cursor) {
    const [seq, n] = [Number(message['seq']), Number(message['n'])];
    summary['lastSeq'] = seq;
    summary['messageCount'] = n;
    summary['tail'] = { seq, id: message._id, control: Number(message['control']) };
    if (message['shadow'] === true) continue;
    summary['shown'] = { seq, id: message._id };
    summary['lastMessageAt'] = message['createdAt'] as Date;
    sent.set(String(message['senderId']), { seq, n });
  }
  const lasts = members.map((userId) => sent.get(userId) ?? { seq: 0, n: 0 });
  const maybeUnread = members;
  return kind === 'apart'
    ? { ...summary, maybeUnread }
    : { ...summary, maybeUnread, lastSent: lasts.map(({ seq }) => seq), lastSentN: lasts.map(({ n }) => n) };
}

/** Every change up to it is applied to the messages: as many of them as were so in the old log. */
async function revOf({ context, old }: Opening, { _id }: Target): Promise<number> {
  return context
    .collection('changes')
    .countDocuments({ conversationId: _id, oldRev: { $lte: Number(old['rev'] ?? 0) } });
}

function takenOver(old: Stored, { place, target }: { place: Places; target: Target }): Stored {
  const pinned = ((old['pinned'] as number[] | undefined) ?? []).flatMap((seq) => place.at(seq)?.toSeq ?? []);
  const occasions = ((old['occasions'] as Stored[] | undefined) ?? []).filter(({ startedBy }) =>
    isOf(startedBy, { old, target }),
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

/** An occasion goes to the pair of who began it, where there is but one such pair: the one in the middle began for many. */
function isOf(startedBy: unknown, { old, target }: { old: Stored; target: Target }): boolean {
  const pairs = (old['splitTargets'] as Target[] | undefined) ?? [];
  const theirs = pairs.filter(({ kind, members }) => kind === 'pair' && members.includes(String(startedBy)));
  return theirs.length === 1 && theirs[0]?._id.equals(target._id) === true;
}

/** Numbers among the counted messages that a member has hidden: hides have moved already. */
async function hiddenNsOf(
  { context }: Opening,
  { place, userId }: { place: Places; userId: string },
): Promise<number[]> {
  const found = await context
    .collection('hides')
    .find({ userId, conversationId: place.target._id }, { projection: { seq: 1 } })
    .toArray();
  const seqs = new Set(found.map(({ seq }) => Number(seq)));
  return place.moves.flatMap(({ toSeq, toN, senderId }) =>
    seqs.has(toSeq) && senderId !== userId ? [toN] : [],
  );
}

const KEPT = ['pinnedAt', 'mutedUntil', 'archivedAt', 'markedUnread'] as const;

/** The state of a member in a new conversation, as it was in the old one. */
function ownStateIn(place: Places, old: Stored | undefined, hiddenNs: readonly number[]): Stored {
  const upTo = (name: string) => place.upTo(Number(old?.[name] ?? 0));
  const [read, delivered, cleared] = [upTo('lastReadSeq'), upTo('lastDeliveredSeq'), upTo('clearedSeq')];
  const [hidden, lastHidden] = [upTo('hiddenSeq'), upTo('lastHiddenSeq')];
  const unreadHidden = hiddenNs.filter((n) => n > read.n);
  return {
    ...{ lastReadSeq: read.seq, lastReadN: read.n, lastDeliveredSeq: Math.max(read.seq, delivered.seq) },
    ...Object.fromEntries(
      KEPT.flatMap((name) => (old?.[name] === undefined ? [] : [[name, old[name] as unknown]])),
    ),
    ...(old?.['archivedAt'] !== undefined && { archivedN: place.upTo(Number.MAX_SAFE_INTEGER).n }),
    ...(cleared.seq > 0 && { clearedSeq: cleared.seq, clearedN: cleared.n }),
    ...(hidden.seq > 0 && { hiddenSeq: hidden.seq, hiddenN: hidden.n }),
    ...(lastHidden.seq > 0 && { lastHiddenSeq: lastHidden.seq }),
    ...(unreadHidden.length > 0 && { hiddenNs: unreadHidden }),
    ...(place.target.kind === 'apart' && { role: 'owner', rank: 0, joinedSeq: 1, controlSeq: 1 }),
  };
}
