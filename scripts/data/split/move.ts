import type mongoose from 'mongoose';
import { retryRaces } from '../../../backend/src/models/insertMany.js';
import type { JournalWriter } from '../frame/journal.js';
import type { Stored, TaskContext } from '../frame/task.js';
import { recountReactions, toUpdate, type Fields, type MoveEntry } from './entryKinds.js';
import { Places, type Move, type Plan } from './plan.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';

type ObjectId = mongoose.Types.ObjectId;
const PAGE = 500;

export interface MoveParts {
  context: TaskContext;
  journal: JournalWriter;
  from: ObjectId;
  plan: Plan;
}

/** A value as a journal keeps it. */
const valueOf = (document: Stored, name: string): unknown => (document[name] as unknown) ?? null;

/**
 * Moves everything of a chat to where it belongs: each document is in one conversation or the other at every moment,
 * never in both. May be stopped anywhere and done again: what is there already is passed over.
 */
export async function moveAll(parts: MoveParts): Promise<void> {
  const places = parts.plan.targets.map((target) => new Places(parts.plan, target));
  const revs = await moveChanges(parts, places);
  await moveMessages(parts, revs);
  for (const place of places) {
    await moveReactions(parts, place, revs);
    await moveHides(parts, place);
  }
}

/** Of the old change log: which place a change has in the new one, by the old. */
type Revs = ReadonlyMap<string, readonly { rev: number; toRev: number }[]>;

const revUpTo = (revs: Revs, into: ObjectId, rev: number): number =>
  revs.get(into.toHexString())?.findLast((one) => one.rev <= rev)?.toRev ?? 0;

/** Changes by members of the new conversation, in their order; what somebody else did stays with the old log. */
async function moveChanges(parts: MoveParts, places: readonly Places[]): Promise<Revs> {
  const changes = parts.context.collection('changes');
  const revs = new Map<string, { rev: number; toRev: number }[]>();
  for (const place of places) {
    const { _id: into } = place.target;
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
  const entries = found.flatMap((change): MoveEntry[] => {
    const place = places.find((one) => one.at(Number(change['seq'])) !== undefined);
    const moved = place?.at(Number(change['seq']));
    if (place === undefined || moved === undefined) return [];
    if (!place.target.members.includes(String(change['by']))) return [];
    const known = revs.get(place.target._id.toHexString()) ?? [];
    const rev = Number(change['rev']);
    const toRev = known.length + 1;
    known.push({ rev, toRev });
    return [
      {
        ...{ kind: 'split-move', collection: 'changes', id: change._id },
        from: { conversationId: parts.from, rev, seq: Number(change['seq']), oldRev: null },
        to: { conversationId: place.target._id, rev: toRev, seq: moved.toSeq, oldRev: rev },
      },
    ];
  });
  await write(parts, entries);
  return revs;
}
const REVS = { rev: 1, oldRev: 1 } as const;

const PLACE_FIELDS = {
  ...{ conversationId: 1, seq: 1, n: 1, control: 1, replyTo: 1, editRev: 1, reactRev: 1, archived: 1 },
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
        { projection: PLACE_FIELDS },
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
              isApart: kinds.get(move.into.toHexString())?.kind === 'apart',
            }),
          ];
    });
    // What lies in the archive goes first: it is found through its message.
    const archived = new Set(found.flatMap((one) => (one['archived'] === true ? one._id.toHexString() : [])));
    await write(parts, entries.filter(({ id }) => archived.has(id.toHexString())).map(toArchiveEntry));
    await write(parts, entries);
  }
}

function toMessageEntry(
  document: Stored,
  { move, revs, isApart }: { move: Move; revs: Revs; isApart: boolean },
): MoveEntry {
  const to: Fields = {
    ...{ conversationId: move.into, seq: move.toSeq, n: move.toN, control: isApart ? 1 : 0 },
    replyTo: move.toReplyTo ?? null,
  };
  for (const name of ['editRev', 'reactRev'] as const) {
    const rev: unknown = document[name];
    if (typeof rev === 'number') to[name] = revUpTo(revs, move.into, rev);
  }
  const from = Object.fromEntries(Object.keys(to).map((name) => [name, valueOf(document, name)]));
  return { kind: 'split-move', collection: 'messages', id: move._id, from, to };
}

/** Of an archived message the copy moves as its stub does; a later edit is told by the number of the last one. */
function toArchiveEntry({ id, from, to }: MoveEntry): MoveEntry {
  const names = ['conversationId', 'seq', ...('editRev' in to ? ['editRev'] : [])];
  const some = (fields: Fields): Fields => Object.fromEntries(names.map((name) => [name, fields[name]]));
  return { kind: 'split-move', collection: 'archived_messages', id, from: some(from), to: some(to) };
}

/** Signs that members of the new conversation gave; those of others stay behind, and do not count any more. */
async function moveReactions(parts: MoveParts, place: Places, revs: Revs): Promise<void> {
  const { context, from } = parts;
  const { target } = place;
  const found = await context
    .collection('reactions')
    .find({ conversationId: from }, { projection: { seq: 1, userId: 1, 'state.rev': 1 } })
    .toArray();
  const here = found.filter(({ seq }) => place.at(Number(seq)) !== undefined);
  const entries = here
    .filter(({ userId }) => target.members.includes(String(userId)))
    .flatMap(({ _id, seq, state }): MoveEntry[] => {
      const { rev } = state as { rev: number };
      return [
        {
          ...{ kind: 'split-move', collection: 'reactions', id: _id },
          from: { conversationId: from, seq: Number(seq), 'state.rev': rev },
          to: {
            ...{ conversationId: target._id, seq: place.at(Number(seq))?.toSeq },
            'state.rev': revUpTo(revs, target._id, rev),
          },
        },
      ];
    });
  await write(parts, entries);
  const ofOthers = here.filter(({ userId }) => !target.members.includes(String(userId)));
  const recounted = new Set(ofOthers.flatMap(({ seq }) => place.at(Number(seq))?._id ?? []));
  for (const messageId of recounted) await recountReactions(context, messageId);
}

async function moveHides(parts: MoveParts, place: Places): Promise<void> {
  const { context, from } = parts;
  const found = await context
    .collection('hides')
    .find({ conversationId: from, userId: { $in: place.target.members } }, { projection: { seq: 1 } })
    .toArray();
  const entries = found.flatMap(({ _id, seq }): MoveEntry[] => {
    const move = place.at(Number(seq));
    if (move === undefined) return [];
    return [
      {
        ...{ kind: 'split-move', collection: 'hides', id: _id },
        from: { conversationId: from, seq: Number(seq) },
        to: { conversationId: place.target._id, seq: move.toSeq },
      },
    ];
  });
  await write(parts, entries);
}

/** Journals, then writes; each only where the document still is what was read. */
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
