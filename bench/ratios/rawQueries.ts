import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import { participantsKey } from '../../backend/src/utils/participantsKey.js';

type Id = mongoose.Types.ObjectId;
interface ConversationDocument {
  _id: Id;
  participantsKey: string;
  participants: string[];
}

const idOf = (hex: string): Id => mongoose.Types.ObjectId.createFromHexString(hex);

/** Commands of the driver that the server's commands are compared with. Reads the server's own database. */
export class RawQueries {
  readonly #client: mongoose.mongo.MongoClient;
  readonly #db: mongoose.mongo.Db;

  constructor(uri: string, databaseName: string) {
    this.#client = new mongoose.mongo.MongoClient(uri, { maxPoolSize: 10 });
    this.#db = this.#client.db(databaseName);
  }

  /** The newest messages of a conversation, by an index range from a known `seq` on. */
  async newest(conversationId: string, count: number): Promise<void> {
    const found = await this.#db
      .collection('messages')
      .find({ conversationId: idOf(conversationId), seq: { $gt: 0 } })
      .sort({ seq: -1 })
      .limit(count)
      .hint({ conversationId: 1, seq: 1 })
      .toArray();
    if (found.length !== count) throw new Error(`${found.length} messages instead of ${count}`);
  }

  async range(conversationId: string, fromSeq: number, toSeq: number): Promise<void> {
    await this.#db
      .collection('messages')
      .find({ conversationId: idOf(conversationId), seq: { $gte: fromSeq, $lte: toSeq } })
      .sort({ seq: 1 })
      .hint({ conversationId: 1, seq: 1 })
      .toArray();
  }

  /** The first page of a user's conversations, by the index of the list. */
  async list(userId: string, count: number): Promise<void> {
    await this.#db
      .collection('conversations')
      .find({ participants: userId })
      .sort({ lastMessageAt: -1, _id: -1 })
      .limit(count)
      .hint(await this.#listIndex())
      .toArray();
  }

  #hint: string | undefined;
  async #listIndex(): Promise<string> {
    if (this.#hint !== undefined) return this.#hint;
    const indexes = await this.#db.collection('conversations').indexes();
    const found = indexes.find(({ key }) => {
      const names = Object.keys(key);
      return names[0] === 'participants' && names[1] === 'lastMessageAt';
    });
    this.#hint = found?.name ?? '';
    return this.#hint;
  }

  async byId(conversationId: string): Promise<void> {
    await this.#db.collection('conversations').findOne({ _id: idOf(conversationId) });
  }

  async byKey(one: string, other: string): Promise<void> {
    const key = participantsKey(one, other);
    await this.#db.collection('conversations').findOne({ participantsKey: { $eq: key, $exists: true } });
  }

  /** One insert, as durable as the server's. Into a collection of its own, without further indexes. */
  async insert(): Promise<void> {
    await this.#db
      .collection('raw')
      .insertOne({ text: 'Hello.', at: new Date() }, { writeConcern: { w: 'majority', journal: true } });
  }

  /** One upsert of a new pair by a unique index, as durable as the server's. */
  async upsert(key: string = randomUUID()): Promise<void> {
    await this.#db.collection<ConversationDocument>('raw_pairs').findOneAndUpdate(
      { participantsKey: { $eq: key, $exists: true } },
      {
        $setOnInsert: {
          participantsKey: key,
          participants: [`${key}a`, `${key}b`],
          lastMessageAt: new Date(),
        },
      },
      { upsert: true, returnDocument: 'after', writeConcern: { w: 'majority', journal: true } },
    );
  }

  /** Creates the two indexes without which no server could find a pair or list a user's chats. */
  async preparePairs(): Promise<void> {
    const pairs = this.#db.collection('raw_pairs');
    await pairs.createIndex({ participantsKey: 1 }, { unique: true, sparse: true }, {});
    await pairs.createIndex({ participants: 1, lastMessageAt: -1 }, {}, {});
  }

  /** Ids of the conversations that a user has not read. */
  async listUnread(userId: string): Promise<string[]> {
    const found = await this.#db
      .collection('conversations')
      .find({ maybeUnread: userId })
      .project({ _id: 1 })
      .toArray();
    return found.map(({ _id }) => String(_id));
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
