import type mongoose from 'mongoose';
import { retryRaces } from '../../../backend/src/models/insertMany.js';
import type { JournalWriter } from '../frame/journal.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { recountReactions, toUpdate, type Fields, type MoveEntry } from './entryKinds.js';
import { SeqMap, type Move, type Plan } from './plan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.Types.ObjectId;
const PAGE = 500;

export interface MoveParts {
  context: TaskContext;
  journal: JournalWriter;
  from: ObjectId;
  plan: Plan;
}

/** Returns a field's value in the form that journals use. */
const valueOf = (document: Stored, name: string): unknown => (document[name] as unknown) ?? null;

/**
 * Moves all documents of a chat to the new conversations. Each document is in exactly one conversation at every moment.
 * Resumable: documents that were moved already are skipped.
 */
export async function moveAll(parts: MoveParts): Promise<void> {
  const seqMaps = parts.plan.targets.map((target) => new SeqMap(parts.plan, target));
  const revs = await moveChanges(parts, seqMaps);
  await moveMessages(parts, revs);
  for (const seqMap of seqMaps) {
    await moveReactions(parts, seqMap, revs);
    await moveHides(parts, seqMap);
  }
}

/** For each new conversation: old and new `rev` of every change that moves there. */
type Revs = ReadonlyMap<string, readonly { rev: number; toRev: number }[]>;

const revUpTo = (revs: Revs, into: ObjectId, rev: number): number =>
  revs.get(into.toHexString())?.findLast((one) => one.rev <= rev)?.toRev ?? 0;

/** Moves changes made by members of the new conversation, in order. Changes by others stay in the old log. */
async function moveChanges(parts: MoveParts, seqMaps: readonly SeqMap[]): Promise<Revs> {
  const changes = parts.context.collection('changes');
  const revs = new Map<string, { rev: number; toRev: number }[]>();
  for (const seqMap of seqMaps) {
    const { _id: into } = seqMap.target;
    const moved = (await changes
      .find({ conversationId: into }, { projection: REVS })
      .sort({ rev: 1 })
      .toArray()) as Stored[];
    revs.set(
      into.toHexString(),
      moved.flatMap(({ rev, oldRev }) =>
        typeof oldRev === 'number' ? [{ rev: oldRev, toRev: Number(rev) }] : [],
      ),
    );
  }
  const found = await changes
    .find({ conversationId: parts.from }, { projection: { ...REVS, seq: 1, by: 1 } })
    .sort({ rev: 1 })
    .toArray();
  const entries = seqMaps.flatMap((seqMap) => {
    const { _id: into, members } = seqMap.target;
    const moving = found.flatMap((change) => {
      const moved = seqMap.at(Number(change['seq']));
      const isKept = moved !== undefined && members.includes(String(change['by']));
      return isKept ? [{ change, rev: Number(change['rev']), toSeq: moved.toSeq }] : [];
    });
    const known = revs.get(into.toHexString()) ?? [];
    // `rev` is the position among all changes, because an interrupted run may have moved any of them.
    const order = [...known, ...moving].map(({ rev }) => rev).sort((a, b) => a - b);
    revs.set(
      into.toHexString(),
      order.map((rev, index) => ({ rev, toRev: index + 1 })),
    );
    return moving.map(({ change, rev, toSeq }): MoveEntry => ({
      kind: 'split-move',
      collection: 'changes',
      id: change._id,
      from: { conversationId: parts.from, rev, seq: Number(change['seq']), oldRev: null },
      to: { conversationId: into, rev: order.indexOf(rev) + 1, seq: toSeq, oldRev: rev },
    }));
  });
  await write(parts, entries);
  return revs;
}
const REVS = { rev: 1, oldRev: 1 } as const;

const MOVED_FIELDS = {
  conversationId: 1,
  seq: 1,
  n: 1,
  control: 1,
  replyTo: 1,
  editRev: 1,
  reactRev: 1,
  archived: 1,
  'reactions.count': 1,
} as const;

async function moveMessages(parts: MoveParts, revs: Revs): Promise<void> {
  const { context, from, plan } = parts;
  const messages = context.collection('messages');
  const kinds = new Map(plan.targets.map((target) => [target._id.toHexString(), target]));
  for (let first = 0; first < plan.moves.length; first += PAGE) {
    const page = new Map(plan.moves.slice(first, first + PAGE).map((move) => [move._id.toHexString(), move]));
    const found = await messages
      .find(
        { _id: { $in: [...page.values()].map(({ _id }) => _id) }, conversationId: from },
        { projection: MOVED_FIELDS },
      )
      .sort({ seq: 1 })
      .toArray();
    const reacted = found.filter(({ reactions }) => Array.isArray(reactions) && reactions.length > 0);
    await parts.journal.write(reacted.map(({ _id }) => ({ kind: 'split-recount', id: _id })));
    const entries = found.flatMap((document) => {
      const move = page.get(document._id.toHexString());
      return move === undefined
        ? []
        : [
            toMessageEntry(document, {
              move,
              revs,
              isUnattributed: kinds.get(move.into.toHexString())?.kind === 'apart',
            }),
          ];
    });
    // The archived copy moves first: it is found through its message.
    const archived = new Set(found.flatMap((one) => (one['archived'] === true ? one._id.toHexString() : [])));
    await write(parts, entries.filter(({ id }) => archived.has(id.toHexString())).map(toArchiveEntry));
    await write(parts, entries);
  }
}

function toMessageEntry(
  document: Stored,
  { move, revs, isUnattributed }: { move: Move; revs: Revs; isUnattributed: boolean },
): MoveEntry {
  const to: Fields = {
    conversationId: move.into,
    seq: move.toSeq,
    n: move.toN,
    control: isUnattributed ? 1 : 0,
    replyTo: move.toReplyTo ?? null,
  };
  for (const name of ['editRev', 'reactRev'] as const) {
    const rev: unknown = document[name];
    if (typeof rev === 'number') to[name] = revUpTo(revs, move.into, rev);
  }
  const from = Object.fromEntries(Object.keys(to).map((name) => [name, valueOf(document, name)]));
  return { kind: 'split-move', collection: 'messages', id: move._id, from, to };
}

/** Moves the archived copy along with its stub. `editRev` is included, because a later edit is detected by it. */
function toArchiveEntry({ id, from, to }: MoveEntry): MoveEntry {
  const names = ['conversationId', 'seq', ...('editRev' in to ? ['editRev'] : [])];
  const some = (fields: Fields): Fields => Object.fromEntries(names.map((name) => [name, fields[name]]));
  return { kind: 'split-move', collection: 'archived_messages', id, from: some(from), to: some(to) };
}

/** Moves reactions of members of the new conversation. Other reactions stay behind and are no longer counted. */
async function moveReactions(parts: MoveParts, seqMap: SeqMap, revs: Revs): Promise<void> {
  const { context, from } = parts;
  const { target } = seqMap;
  const found = await context
    .collection('reactions')
    .find({ conversationId: from }, { projection: { seq: 1, userId: 1, 'state.rev': 1 } })
    .toArray();
  const here = found.filter(({ seq }) => seqMap.at(Number(seq)) !== undefined);
  const entries = here
    .filter(({ userId }) => target.members.includes(String(userId)))
    .flatMap(({ _id, seq, state }): MoveEntry[] => {
      const { rev } = state as { rev: number };
      return [
        {
          kind: 'split-move',
          collection: 'reactions',
          id: _id,
          from: { conversationId: from, seq: Number(seq), 'state.rev': rev },
          to: {
            conversationId: target._id,
            seq: seqMap.at(Number(seq))?.toSeq,
            'state.rev': revUpTo(revs, target._id, rev),
          },
        },
      ];
    });
  await write(parts, entries);
  const ofOthers = here.filter(({ userId }) => !target.members.includes(String(userId)));
  const recounted = new Set(ofOthers.flatMap(({ seq }) => seqMap.at(Number(seq))?._id ?? []));
  for (const messageId of recounted) await recountReactions(context, messageId);
}

async function moveHides(parts: MoveParts, seqMap: SeqMap): Promise<void> {
  const { context, from } = parts;
  const found = await context
    .collection('hides')
    .find({ conversationId: from, userId: { $in: seqMap.target.members } }, { projection: { seq: 1 } })
    .toArray();
  const entries = found.flatMap(({ _id, seq }): MoveEntry[] => {
    const move = seqMap.at(Number(seq));
    if (move === undefined) return [];
    return [
      {
        kind: 'split-move',
        collection: 'hides',
        id: _id,
        from: { conversationId: from, seq: Number(seq) },
        to: { conversationId: seqMap.target._id, seq: move.toSeq },
      },
    ];
  });
  await write(parts, entries);
}

/** Journals, then writes. A document is written only if it still has the values that were read. */
async function write({ context, journal }: MoveParts, entries: readonly MoveEntry[]): Promise<void> {
  for (let first = 0; first < entries.length; first += PAGE) {
    const page = entries.slice(first, first + PAGE);
    const [one] = page;
    if (one === undefined) return;
    await journal.write(page);
    const updates = page.map((entry) => toUpdate(entry));
    await retryRaces(() =>
      context.collection(one.collection).bulkWrite(updates, { ordered: false, writeConcern: COMMITTED }),
    );
  }
}
