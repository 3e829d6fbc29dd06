import mongoose from 'mongoose';
import { guardDriver } from '../../../backend/src/database/driverGuard.js';
import type { Action } from '../../../contract/index.js';
import { until } from '../../support/until.js';

/** A stored message; ids as hex strings. */
export interface StoredMessage {
  _id: string;
  conversationId: string;
  seq: number;
  n: number;
  /** `seq` of the last membership event up to this entry; for a membership event its own. */
  control: number;
  silent?: boolean;
  action?: Action;
  senderId: string;
  clientMessageId: string;
  content: string;
  createdAt: Date;
}

export interface StoredConversation {
  _id: string;
  type: string;
  /** Empty for large groups and channels, whose members are stored separately. */
  participants: string[];
  participantsKey?: string;
  lastSeq: number;
  messageCount: number;
  lastMessageAt: Date;
  lastSent: number[];
  maybeUnread: string[];
  tail?: { seq: number; id: string };
  /** The newest entry that is visible in the history. */
  shown?: { seq: number; id: string };
}

export interface StoredMember {
  conversationId: string;
  userId: string;
  lastReadSeq: number;
  lastDeliveredSeq: number;
}

const hex = (value: unknown): unknown =>
  value instanceof mongoose.mongo.ObjectId ? value.toHexString() : value;

/** Converts ObjectIds to hex strings, also one level down. */
function plain(doc: Record<string, unknown>): Record<string, unknown> {
  const inner = (value: unknown): unknown =>
    value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype
      ? plain(value as Record<string, unknown>)
      : hex(value);
  return Object.fromEntries(Object.entries(doc).map(([key, value]) => [key, inner(value)]));
}

/** Reads the database directly, without a server. Use with `await using`. */
export class Truth implements AsyncDisposable {
  private constructor(
    readonly client: mongoose.mongo.MongoClient,
    readonly databaseName: string,
  ) {}

  static async open(mongoUri: string, databaseName: string): Promise<Truth> {
    guardDriver();
    const client = new mongoose.mongo.MongoClient(mongoUri);
    return new Truth(await client.connect(), databaseName);
  }

  get db(): mongoose.mongo.Db {
    return this.client.db(this.databaseName);
  }

  /** Returns messages in the order of `seq` within each conversation. */
  async messages(conversationId?: string): Promise<StoredMessage[]> {
    const filter =
      conversationId === undefined ? {} : { conversationId: new mongoose.mongo.ObjectId(conversationId) };
    const found = await this.#read<StoredMessage>('messages', filter);
    return found.sort((a, b) =>
      a.conversationId === b.conversationId ? a.seq - b.seq : a.conversationId < b.conversationId ? -1 : 1,
    );
  }

  async conversations(): Promise<StoredConversation[]> {
    const found = await this.#read<Partial<StoredConversation>>('conversations');
    return found.map((one) => ({ participants: [], ...one }) as StoredConversation);
  }

  members(): Promise<StoredMember[]> {
    return this.#read<StoredMember>('members');
  }

  /** Returns the ids of the registered server processes. */
  async processes(): Promise<string[]> {
    return (await this.#read<{ _id: string }>('processes')).map(({ _id }) => _id);
  }

  /** Resolves when so many server processes are registered. */
  async untilProcesses(count: number): Promise<void> {
    await until(async () => (await this.processes()).length === count, {
      what: `${count} registered processes`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  async #read<Document>(collection: string, filter: object = {}): Promise<Document[]> {
    const found = await this.db.collection(collection).find(filter).toArray();
    return found.map((doc) => plain(doc) as Document);
  }
}
