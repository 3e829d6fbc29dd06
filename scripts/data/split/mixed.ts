import type mongoose from 'mongoose';
import { scanPages } from '../frame/scan.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import type { MixedChat, MessageFacts } from './chat.js';
import type { OldMessage } from './plan.js';

type ObjectId = mongoose.Types.ObjectId;

/** A mixed chat as it is stored. */
export interface StoredChat {
  _id: ObjectId;
  participants: string[];
  document: Stored;
}

const FIELDS = {
  type: 1,
  participants: 1,
  participantsKey: 1,
  quarantinedKey: 1,
  mergedInto: 1,
  splitInto: 1,
  splitTargets: 1,
  control: 1,
  createdBy: 1,
  occasions: 1,
  sellerId: 1,
  ownerId: 1,
  rev: 1,
  pinned: 1,
  createdAt: 1,
} as const;

/** True when its split has begun: it has a seal entry, and `mergedInto` names the chat itself. */
export const isSealed = ({ document, _id }: Pick<StoredChat, 'document' | '_id'>): boolean =>
  _id.equals(document['mergedInto'] as ObjectId | undefined);

/** Returns the distinct participants. */
export const peopleOf = ({ participants }: Stored): string[] =>
  Array.isArray(participants) ? [...new Set((participants as unknown[]).filter(isText))] : [];

/**
 * True for a conversation that claims to be one-to-one and has three or more participants, or one alone. Groups are
 * excluded; a conversation with membership events is a group even if it has a key.
 */
export function isMixed(document: Stored): boolean {
  const { type, participants, participantsKey: key, mergedInto, control } = document;
  const _id = document['_id'] as ObjectId;
  if (isSealed({ _id, document })) return document['splitInto'] === undefined;
  const isGroup = (type === 'group' || type === 'channel') && (key === undefined || Number(control ?? 0) > 0);
  const people = Array.isArray(participants) ? new Set(participants as unknown[]) : new Set();
  return mergedInto === undefined && !isGroup && (people.size > 2 || people.size === 1);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Yields every mixed chat in `_id` order, including those whose split has begun. */
export async function* findMixed(context: TaskContext): AsyncGenerator<StoredChat> {
  const conversations = context.collection('conversations');
  context.progress.total(await conversations.estimatedDocumentCount(), 'conversations');
  for await (const page of scanPages(conversations, { projection: FIELDS })) {
    if (context.isStopping()) throw new Stopped();
    for (const document of page.filter(isMixed)) {
      yield { _id: document['_id'] as ObjectId, participants: peopleOf(document), document };
    }
    context.progress.advance(page.length);
  }
}

/** Fields in which old systems store the recipient of a message. */
const RECIPIENTS = ['recipientId', 'receiverId', 'toUserId'] as const;
const MESSAGE_FIELDS = {
  seq: 1,
  senderId: 1,
  createdAt: 1,
  replyTo: 1,
  'card.id': 1,
  controlSeq: 1,
  shadow: 1,
  ...Object.fromEntries(RECIPIENTS.map((name) => [name, 1])),
};

/** A chat's log without texts: facts for the attribution, and the messages to move. */
export interface Log {
  facts: MessageFacts[];
  messages: OldMessage[];
  /** Number of messages without a `seq`: stored by an old program and not imported yet. */
  placeless: number;
}

export async function readLog(context: TaskContext, { _id }: Pick<StoredChat, '_id'>): Promise<Log> {
  const log: Log = { facts: [], messages: [], placeless: 0 };
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
  // Membership events stay in the old log.
  if (document['controlSeq'] !== undefined) return;
  const { seq, senderId, createdAt, replyTo, card, shadow } = document;
  const _id = document['_id'] as ObjectId;
  const recipientId = RECIPIENTS.map((name) => document[name] as unknown).find(isText);
  const about: unknown = typeof card === 'object' && card !== null ? Reflect.get(card, 'id') : undefined;
  const replied = typeof replyTo === 'number' ? replyTo : undefined;
  log.facts.push({
    seq: Number(seq),
    senderId: String(senderId),
    replyTo: replied,
    recipientId,
    atMs: createdAt instanceof Date ? createdAt.getTime() : _id.getTimestamp().getTime(),
    about: isText(about) ? about : undefined,
  });
  log.messages.push({
    _id,
    seq: Number(seq),
    senderId: String(senderId),
    replyTo: replied,
    counts: shadow !== true,
  });
}

/**
 * Returns the facts about conversation partners that the document of a chat holds.
 *
 * @param decidedHub hub that an operator chose for this chat. It takes precedence over the chat's own fields,
 * and those over `hubs`.
 */
export function toMixedChat(
  { participants, document }: StoredChat,
  { hubs, decidedHub }: { hubs: ReadonlySet<string>; decidedHub: string | undefined },
): MixedChat {
  const named = [document['sellerId'], document['ownerId']].find(
    (one): one is string => isText(one) && participants.includes(one),
  );
  const known = participants.filter((userId) => hubs.has(userId));
  const declaredHub = decidedHub ?? named ?? (known.length === 1 ? known[0] : undefined);
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

/** Returns the two participants whose key this is. */
function pairOfKey(participants: readonly string[], key: unknown): readonly [string, string] | undefined {
  for (const one of participants) {
    for (const other of participants) {
      if (one < other && participantsKey(one, other) === key) return [one, other];
    }
  }
  return undefined;
}
