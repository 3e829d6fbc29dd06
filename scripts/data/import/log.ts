import { hash } from 'node:crypto';
import type { Action, Attachment, ConversationId, UserId } from '../../../contract/index.js';
import type { InsertResult } from '../../../backend/src/models/insertMany.js';
import type { Models } from '../../../backend/src/models/index.js';
import type { MessageRecord, Tail } from '../../../backend/src/models/messageModel.js';
import type { MessageId } from '../../../contract/index.js';
import { wordsOf } from '../../../backend/src/utils/searchWords.js';
import { CannotRun } from '../frame/taskErrors.js';

/** A message to import, before it has a `seq`. */
export interface ImportedMessage {
  senderId: UserId;
  clientMessageId: string;
  at: Date;
  text: string;
  attachment?: Attachment;
  deletedAt?: Date;
}

/** Limit of lost races. If users write to the conversation this fast, the import is run again later. */
const MAX_ATTEMPTS = 50;

/** Returns a deterministic id that sorts by time, like the ids that a server assigns. */
function idOf(conversationId: ConversationId, { senderId, clientMessageId, at }: ImportedMessage): MessageId {
  const seconds = Math.min(Math.floor(at.getTime() / 1_000), 0xffffffff);
  const rest = hash('sha256', `${conversationId}\u0000${senderId}\u0000${clientMessageId}`, 'hex');
  return `${seconds.toString(16).padStart(8, '0')}${rest.slice(0, 16)}` as MessageId;
}

export const keyOf = ({
  senderId,
  clientMessageId,
}: Pick<MessageRecord, 'senderId' | 'clientMessageId'>): string => `${clientMessageId}\u0000${senderId}`;

/** Hash of the imported content. A later import compares it to detect changed texts. */
export const hashOf = ({ text, attachment }: ImportedMessage): string =>
  hash('sha256', `import\u0000${text}\u0000${attachment?.url ?? ''}`, 'base64url').slice(0, 22);

function toRecord(conversationId: ConversationId, message: ImportedMessage, tail: Tail): MessageRecord {
  const { senderId, clientMessageId, at, text, attachment, deletedAt } = message;
  const words = wordsOf({ content: text, attachments: attachment === undefined ? [] : [attachment] });
  return {
    _id: idOf(conversationId, message),
    conversationId,
    seq: tail.seq + 1,
    n: tail.n + 1,
    control: tail.control,
    senderId,
    clientMessageId,
    payloadHash: hashOf(message),
    content: text,
    kind: attachment?.kind ?? 'text',
    ...(attachment !== undefined && { attachments: [attachment] }),
    createdAt: at,
    ...(words.length > 0 && { words }),
    ...(deletedAt !== undefined && { deletedAt, deletedBy: senderId }),
  };
}

/**
 * Appends to the log of a conversation with the same rules as a server: the next free `seq`, in order; the unique
 * indexes detect lost races. Users may write meanwhile, and no stored message ever gets another `seq`.
 */
export class ImportLog {
  #tail: Tail | undefined;

  constructor(
    readonly models: Models,
    readonly conversationId: ConversationId,
  ) {}

  async tail(): Promise<Tail> {
    this.#tail ??= (await this.models.messages.findTail(this.conversationId, 0)) ?? EMPTY;
    return this.#tail;
  }

  /** Returns those of these messages that are stored, by key. */
  async findStored(messages: readonly ImportedMessage[]): Promise<Map<string, MessageRecord>> {
    const found = await this.models.messages.findByClientIds(this.conversationId, messages);
    const wanted = new Set(messages.map(keyOf));
    return new Map(found.filter((one) => wanted.has(keyOf(one))).map((one) => [keyOf(one), one]));
  }

  /** Stores the messages that do not exist yet, in order. @returns the stored records. */
  async append(messages: readonly ImportedMessage[]): Promise<MessageRecord[]> {
    const stored: MessageRecord[] = [];
    let open = [...messages];
    for (let attempt = 0; open.length > 0; attempt += 1) {
      if (attempt >= MAX_ATTEMPTS)
        throw new CannotRun(`Conversation ${this.conversationId} is too busy: run again.`);
      let tail = await this.tail();
      const records = open.map((message) => {
        const record = toRecord(this.conversationId, message, tail);
        tail = record;
        return record;
      });
      const results = await this.models.messages.insert(records, { ordered: true });
      const done = countStored(results);
      stored.push(...records.slice(0, done));
      const last = records[done - 1];
      if (last !== undefined) this.#tail = last;
      open = open.slice(done);
      if (open.length === 0) break;
      const failed = results[done];
      if (failed?.outcome === 'failed') throw failed.error;
      // Lost race: another writer took the `seq`, or a killed run had stored this message.
      this.#tail = undefined;
      const known = await this.findStored(open);
      open = open.filter((message) => !known.has(keyOf(message)));
    }
    return stored;
  }

  /** Appends a membership event unless it is already stored. */
  async appendControl(entry: {
    action: Action;
    senderId: UserId;
    name: string;
    at: Date;
  }): Promise<MessageRecord> {
    const { action, senderId, at } = entry;
    const message = { senderId, clientMessageId: `sys:${entry.name}`, at, text: '' };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const [known] = (await this.findStored([message])).values();
      if (known !== undefined) return known;
      const tail = await this.tail();
      const seq = tail.seq + 1;
      const record: MessageRecord = {
        ...toRecord(this.conversationId, message, tail),
        n: tail.n,
        control: seq,
        controlSeq: seq,
        kind: 'system',
        action,
        payloadHash: '',
      };
      const [result] = await this.models.messages.insert([record], { ordered: true });
      if (result?.outcome === 'failed') throw result.error;
      this.#tail = result?.outcome === 'stored' ? record : undefined;
      if (result?.outcome === 'stored') return record;
    }
    throw new CannotRun(`Conversation ${this.conversationId} is too busy: run again.`);
  }
}

const EMPTY: Tail = { seq: 0, n: 0, control: 0 };

/** Returns the number of leading records that were stored. An ordered insert stops at its first error. */
function countStored(results: readonly InsertResult[]): number {
  const firstOther = results.findIndex(({ outcome }) => outcome !== 'stored');
  return firstOther === -1 ? results.length : firstOther;
}
