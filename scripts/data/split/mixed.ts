import type mongoose from 'mongoose';
import { scanPages } from '../frame/scan.js';
import { Stopped, type Stored, type TaskContext } from '../frame/task.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import type { MixedChat, Said } from './chat.js';
import type { OldMessage } from './plan.js';

type ObjectId = mongoose.Types.ObjectId;

/** A chat of "two" with three or more people in it, as it is stored. */
export interface StoredChat {
  _id: ObjectId;
  participants: string[];
  document: Stored;
}

const FIELDS = {
  ...{ type: 1, participants: 1, participantsKey: 1, quarantinedKey: 1, mergedInto: 1, splitInto: 1 },
  ...{ control: 1, createdBy: 1, occasions: 1, sellerId: 1, ownerId: 1, rev: 1, pinned: 1, createdAt: 1 },
} as const;

/** Whether its splitting has begun: it is sealed, and leads to itself. */
export const isSealed = ({ document, _id }: Pick<StoredChat, 'document' | '_id'>): boolean =>
  _id.equals(document['mergedInto'] as ObjectId | undefined);

/** Whether it says that it is one-to-one, and is not. A group that its log knows as a group is one, whatever its key. */
function isMixed(document: Stored): boolean {
  const { type, participants, participantsKey: key, mergedInto, control } = document;
  const _id = document['_id'] as ObjectId;
  if (isSealed({ _id, document })) return document['splitInto'] === undefined;
  const isGroup = (type === 'group' || type === 'channel') && (key === undefined || Number(control ?? 0) > 0);
  const people = Array.isArray(participants) ? new Set(participants as unknown[]) : new Set();
  return mergedInto === undefined && !isGroup && people.size > 2;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Every mixed chat, also those whose splitting has begun; one page of `_id` after another. */
export async function* findMixed(context: TaskContext): AsyncGenerator<StoredChat> {
  const conversations = context.collection('conversations');
  context.progress.total(await conversations.estimatedDocumentCount(), 'conversations');
  for await (const page of scanPages(conversations, { projection: FIELDS })) {
    if (context.isStopping()) throw new Stopped();
    for (const document of page.filter(isMixed)) {
      const participants = [...new Set((document['participants'] as unknown[]).filter(isText))];
      yield { _id: document['_id'] as ObjectId, participants, document };
    }
    context.progress.advance(page.length);
  }
}

/** Fields in which older systems keep whom a message is for. */
const RECIPIENTS = ['recipientId', 'receiverId', 'toUserId'] as const;
const MESSAGE_FIELDS = {
  ...{ seq: 1, senderId: 1, createdAt: 1, replyTo: 1, 'card.id': 1, controlSeq: 1, shadow: 1 },
  ...Object.fromEntries(RECIPIENTS.map((name) => [name, 1])),
};

/** A chat's log, without texts: what is attributed, and what is wrong with it. */
export interface Log {
  said: Said[];
  messages: OldMessage[];
  /** Without a place in the log: from an older system, and not brought over yet. */
  placeless: number;
}

export async function readLog(context: TaskContext, { _id }: Pick<StoredChat, '_id'>): Promise<Log> {
  const log: Log = { said: [], messages: [], placeless: 0 };
  const messages = context.collection('messages');
  for await (const document of scanLog(messages, _id)) add(log, document);
  log.placeless = await messages.countDocuments({ conversationId: _id, seq: { $not: { $gte: 1 } } });
  return log;
}

const PAGE = 1_000;

async function* scanLog(
  messages: mongoose.mongo.Collection,
  conversationId: ObjectId,
): AsyncGenerator<Stored> {
  for (let after = 0; ;) {
    const page = await messages
      .find(
        { conversationId, seq: { $gt: after } },
        { projection: MESSAGE_FIELDS, readPreference: 'primary' },
      )
      .sort({ seq: 1 })
      .limit(PAGE)
      .toArray();
    yield* page;
    const last: unknown = page.at(-1)?.['seq'];
    if (typeof last !== 'number') return;
    after = last;
  }
}

function add(log: Log, document: Stored): void {
  // Who came and went stays with the old log.
  if (document['controlSeq'] !== undefined) return;
  const { seq, senderId, createdAt, replyTo, card, shadow } = document;
  const _id = document['_id'] as ObjectId;
  const recipientId = RECIPIENTS.map((name) => document[name] as unknown).find(isText);
  const about: unknown = typeof card === 'object' && card !== null ? Reflect.get(card, 'id') : undefined;
  const replied = typeof replyTo === 'number' ? replyTo : undefined;
  log.said.push({
    ...{ place: Number(seq), senderId: String(senderId), replyTo: replied, recipientId },
    atMs: createdAt instanceof Date ? createdAt.getTime() : _id.getTimestamp().getTime(),
    about: isText(about) ? about : undefined,
  });
  log.messages.push({
    ...{ _id, seq: Number(seq), senderId: String(senderId), replyTo: replied },
    counts: shadow !== true,
  });
}

/** What the document of a chat says about who talked with whom. */
export function toMixedChat({ participants, document }: StoredChat, hubs: ReadonlySet<string>): MixedChat {
  const named = [document['sellerId'], document['ownerId']].find(isText);
  const known = participants.filter((userId) => hubs.has(userId));
  const declaredHub = named ?? (known.length === 1 ? known[0] : undefined);
  const occasions = Array.isArray(document['occasions']) ? (document['occasions'] as Stored[]) : [];
  return {
    participants,
    declaredHub,
    keyPair: pairOfKey(participants, document['participantsKey'] ?? document['quarantinedKey']),
    starts: occasions.flatMap(({ startedBy, id, at }) =>
      isText(startedBy) && participants.includes(startedBy)
        ? [
            {
              userId: startedBy,
              about: isText(id) ? id : undefined,
              atMs: at instanceof Date ? at.getTime() : 0,
            },
          ]
        : [],
    ),
  };
}

/** Which two of them a key stands for. */
function pairOfKey(participants: readonly string[], key: unknown): readonly [string, string] | undefined {
  for (const one of participants) {
    for (const other of participants) {
      if (one < other && participantsKey(one, other) === key) return [one, other];
    }
  }
  return undefined;
}
