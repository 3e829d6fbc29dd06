import mongoose from 'mongoose';
import { ensureIndexes } from '../../backend/src/database/indexes.js';
import { createModels } from '../../backend/src/models/index.js';
import { wordsOf } from '../../backend/src/utils/searchWords.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { PAUSE_MS, planChats, type ChatPlan } from './shape.js';

type Stored = Record<string, unknown>;
type ObjectId = mongoose.Types.ObjectId;

/** Number of documents per insert. */
const BATCH = 5_000;
/** Number of concurrent inserts. */
const AT_ONCE = 2;
const VOCABULARY = 5_000;
const WORDS_PER_MESSAGE = 6;
/** `seq` of the message with a foreign sender. It is never the newest message of either member. */
const STRANGER_AT = 5;

/** Deterministic texts: equal in every run. */
const textOf = (seq: number, salt: number): string =>
  Array.from({ length: WORDS_PER_MESSAGE }, (_, index) => {
    const word = ((seq * 7_919 + salt * 104_729 + index * 1_299_709) >>> 0) % VOCABULARY;
    return `word${word.toString(36)}`;
  }).join(' ');

/** Creates an id that begins with the time, like those of the server. */
const newId = (timeMs: number): ObjectId =>
  new mongoose.Types.ObjectId(mongoose.Types.ObjectId.generate(Math.floor(timeMs / 1_000)));

/** Collects documents and inserts them in large batches. */
class Batches {
  #waiting: Stored[] = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(readonly collection: mongoose.Collection) {}

  async add(document: Stored): Promise<void> {
    this.#waiting.push(document);
    if (this.#waiting.length >= BATCH) await this.#send();
  }

  async end(): Promise<void> {
    if (this.#waiting.length > 0) await this.#send();
    await Promise.all(this.#running);
  }

  async #send(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (this.#running.size >= AT_ONCE) await Promise.race(this.#running);
    const insert = this.collection
      .insertMany(batch, { ordered: false })
      .finally(() => this.#running.delete(insert));
    this.#running.add(insert);
  }
}

function toMessage(chat: ChatPlan, seq: number, { _id, at }: { _id: ObjectId; at: number }): Stored {
  const [one, other] = chat.participants;
  const content = textOf(seq, chat.startedAt % 1_000_003);
  const isStranger = chat.hasStranger && seq === STRANGER_AT;
  return {
    _id,
    seq,
    n: seq,
    control: 0,
    kind: 'text',
    content,
    words: wordsOf({ content }),
    senderId: isStranger ? 'stranger' : seq % 2 === 1 ? one : other,
    clientMessageId: `bench-${seq}`,
    payloadHash: `hash-${seq}`,
    createdAt: new Date(at),
  };
}

/** A conversation document as a server writes it, except for the planned damage. */
function toConversation(
  chat: ChatPlan,
  conversationId: ObjectId,
  last: { _id: ObjectId; at: number },
): Stored {
  const { participants, key, messages, countsOffBy, startedAt } = chat;
  const lastSent = messages % 2 === 0 ? [messages - 1, messages] : [messages, messages - 1];
  return {
    _id: conversationId,
    type: 'direct',
    participants,
    createdBy: participants[0],
    memberCount: 2,
    ...(key !== undefined && { participantsKey: key }),
    rev: 0,
    occasions: [],
    createdAt: new Date(startedAt),
    lastSeq: messages - countsOffBy,
    messageCount: messages - countsOffBy,
    lastMessageAt: new Date(last.at),
    tail: { seq: messages, id: last._id, control: 0 },
    shown: { seq: messages, id: last._id },
    lastSent,
    lastSentN: lastSent,
    maybeUnread: participants,
    changedAt: new Date(last.at),
  };
}

const toMember = (chat: ChatPlan, conversationId: ObjectId, userId: string): Stored => {
  const read = chat.messages - 2;
  return {
    _id: newId(chat.startedAt),
    conversationId,
    userId,
    lastReadSeq: read,
    lastReadN: read,
    lastDeliveredSeq: read,
    changedAt: new Date(chat.startedAt),
  };
};

/** Stores all documents without secondary indexes. They are created afterwards, which is faster. */
async function store(connection: mongoose.Connection, messages: number, progress: (stored: number) => void) {
  const into = (name: string): Batches => new Batches(connection.collection(name));
  const [conversations, members, log] = [into('conversations'), into('members'), into('messages')];
  let stored = 0;
  for (const chat of planChats(messages)) {
    const conversationId = newId(chat.startedAt);
    let last = { _id: conversationId, at: chat.startedAt };
    for (let seq = 1; seq <= chat.messages; seq += 1) {
      const at = chat.startedAt + seq * PAUSE_MS;
      last = { _id: newId(at), at };
      await log.add({ conversationId, ...toMessage(chat, seq, last) });
      stored += 1;
      if (stored % 50_000 === 0) progress(stored);
    }
    await conversations.add(toConversation(chat, conversationId, last));
    for (const userId of chat.participants) await members.add(toMember(chat, conversationId, userId));
  }
  for (const batches of [conversations, members, log]) await batches.end();
}

export interface Generated {
  insertMs: number;
  indexMs: number;
}

/** Fills an empty database with about this many messages, in the shape of `planChats`. */
export async function generate(
  connection: mongoose.Connection,
  messages: number,
  progress: (text: string) => void,
): Promise<Generated> {
  const startedAt = performance.now();
  await store(connection, messages, (stored) => progress(`${stored} of ${messages} messages stored`));
  const insertMs = performance.now() - startedAt;
  // Creates the indexes of a server, so that the tasks run under production conditions.
  progress('creating the indexes');
  await ensureIndexes(createModels(connection), createLogger({ level: 'silent', pretty: false }));
  return { insertMs, indexMs: performance.now() - startedAt - insertMs };
}
