import type mongoose from 'mongoose';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import type { Stored, TaskContext } from '../frame/task.js';

/** Read and put in order here, and dropped at the end: no server looks into it. */
const COLLECTION = 'import_staging';
const BATCH = 500;

export type Kind = 'user' | 'conversation' | 'participant' | 'message' | 'read';

export interface StagedMessage {
  _id: string;
  chat: string;
  id: string;
  sender: string;
  at: Date;
  order: number;
  text: string;
  attachment?: Stored;
  deletedAt?: Date;
}

export interface StagedConversation {
  _id: string;
  chat: string;
  type: 'direct' | 'group' | 'split';
  target?: string;
  people: string[];
  name?: string;
  avatar?: string;
  createdBy?: string;
  createdAt?: Date;
}

/**
 * The older system's rows, in an order that it need not have had: messages by conversation and time, conversations by
 * what they become. So neither its size nor the order of its files matters, and memory stays what it is.
 */
export class Staging {
  readonly rows: mongoose.mongo.Collection;
  #waiting: Stored[] = [];
  #order = 0;

  constructor(context: TaskContext) {
    this.rows = context.collection(COLLECTION);
  }

  /** Begins anew. */
  async open(): Promise<void> {
    await this.drop();
    await this.rows.createIndexes([
      { key: { kind: 1, chat: 1, at: 1, order: 1 }, name: 'by_time' },
      { key: { kind: 1, target: 1, order: 1 }, name: 'by_target' },
      { key: { kind: 1, names: 1 }, name: 'by_name' },
    ]);
  }

  async drop(): Promise<void> {
    await this.rows.drop().catch(() => undefined);
  }

  /** @returns the rows of the batch that were there already under the same key. */
  async add(kind: Kind, key: string, row: Stored): Promise<string[]> {
    this.#order += 1;
    this.#waiting.push({ _id: `${kind}:${key}`, kind, order: this.#order, ...row });
    return this.#waiting.length >= BATCH ? this.flush() : [];
  }

  async flush(): Promise<string[]> {
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return [];
    try {
      await this.rows.insertMany(batch, {
        ordered: false,
      });
      return [];
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const refused = [Reflect.get(error as object, 'writeErrors')].flat() as { index: number }[];
      return refused.map(({ index }) => String(batch[index]?.['_id']));
    }
  }

  get(kind: Kind, key: string): Promise<Stored | null> {
    return this.rows.findOne({ _id: `${kind}:${key}` as never });
  }

  /** Users by one of their names. */
  findNamed(name: string): Promise<Stored[]> {
    return this.rows.find({ kind: 'user', names: name }).limit(2).toArray();
  }

  of(kind: Kind, chat: string): Promise<Stored[]> {
    return this.rows.find({ kind, chat }).sort({ order: 1 }).toArray();
  }

  /** Every row of a kind in the order of reading, page by page. */
  async *all(kind: Kind): AsyncGenerator<Stored> {
    let after = 0;
    for (;;) {
      const page = await this.rows
        .find({ kind, order: { $gt: after } })
        .sort({ order: 1 })
        .limit(BATCH)
        .toArray();
      yield* page;
      if (page.length < BATCH) return;
      after = page.at(-1)?.['order'] as number;
    }
  }

  /** Conversations with a target, those with the same one behind each other. */
  async *byTarget(): AsyncGenerator<StagedConversation[]> {
    let group: StagedConversation[] = [];
    let after = { target: '', order: 0 };
    for (;;) {
      const page = await this.rows
        .find<StagedConversation & { target: string; order: number }>({
          kind: 'conversation',
          $or: [{ target: { $gt: after.target } }, { target: after.target, order: { $gt: after.order } }],
        })
        .sort({ target: 1, order: 1 })
        .limit(BATCH)
        .toArray();
      for (const one of page) {
        if (group.length > 0 && group[0]?.target !== one.target) {
          yield group;
          group = [];
        }
        group.push(one);
        after = one;
      }
      if (page.length < BATCH) break;
    }
    if (group.length > 0) yield group;
  }

  /** The messages of old chats that become one, by time, in batches: of each only a page is held. */
  async *messages(chats: readonly string[]): AsyncGenerator<StagedMessage[]> {
    const sources = await Promise.all(chats.map((chat) => Pages.open(this.rows, chat)));
    let batch: StagedMessage[] = [];
    for (;;) {
      const [next] = sources.filter(({ head }) => head !== undefined).sort((a, b) => compare(a.head, b.head));
      if (next?.head === undefined) break;
      batch.push(next.head);
      await next.advance();
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** How many messages there are of each old conversation. */
  async *countByChat(): AsyncGenerator<{ chat: string; count: number }> {
    const cursor = this.rows.aggregate([
      { $match: { kind: 'message' } },
      { $group: { _id: '$chat', count: { $sum: 1 } } },
    ]);
    for await (const { _id, count } of cursor) yield { chat: String(_id), count: Number(count) };
  }

  countMessages(): Promise<number> {
    return this.rows.countDocuments({ kind: 'message' });
  }
}

const compare = (a: StagedMessage | undefined, b: StagedMessage | undefined): number =>
  (a?.at.getTime() ?? 0) - (b?.at.getTime() ?? 0) || (a?.order ?? 0) - (b?.order ?? 0);

/** The messages of one chat by time. */
class Pages {
  #page: StagedMessage[] = [];
  #place = 0;

  private constructor(
    readonly rows: mongoose.mongo.Collection,
    readonly chat: string,
  ) {}

  static async open(rows: mongoose.mongo.Collection, chat: string): Promise<Pages> {
    const pages = new Pages(rows, chat);
    await pages.#read({});
    return pages;
  }

  get head(): StagedMessage | undefined {
    return this.#page[this.#place];
  }

  async advance(): Promise<void> {
    const last = this.head;
    this.#place += 1;
    if (this.#place < this.#page.length || last === undefined || this.#page.length < BATCH) return;
    await this.#read({
      at: { $gte: last.at },
      $or: [{ at: { $gt: last.at } }, { order: { $gt: last.order } }],
    });
  }

  async #read(range: Stored): Promise<void> {
    this.#place = 0;
    this.#page = await this.rows
      .find<StagedMessage>({ kind: 'message', chat: this.chat, ...range })
      .sort({ at: 1, order: 1 })
      .limit(BATCH)
      .toArray();
  }
}
