import type mongoose from 'mongoose';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { groupBy } from '../../../backend/src/utils/groupBy.js';
import type { Stored } from '../frame/stored.js';
import type { TaskContext } from '../frame/taskContext.js';

/** Temporary collection of an import, dropped at its end. Servers do not use it. */
const COLLECTION = 'import_staging';
const BATCH = 500;

export type Kind = 'user' | 'conversation' | 'participant' | 'message' | 'read' | 'messageRead';

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
 * Stages the rows of the old system and returns them in the order that the import needs: messages by conversation and
 * time, conversations by target. Memory use does not depend on the size or the order of the source.
 */
export class Staging {
  readonly rows: mongoose.mongo.Collection;
  #waiting: Stored[] = [];
  #order = 0;

  constructor(context: TaskContext) {
    this.rows = context.collection(COLLECTION);
  }

  /** Creates an empty staging collection. */
  async open(): Promise<void> {
    await this.drop();
    await this.rows.createIndexes([
      { key: { kind: 1, chat: 1, at: 1, order: 1 }, name: 'by_time' },
      { key: { kind: 1, target: 1, order: 1 }, name: 'by_target' },
      { key: { kind: 1, names: 1 }, name: 'by_name' },
      { key: { kind: 1, id: 1 }, name: 'by_id' },
    ]);
  }

  async drop(): Promise<void> {
    await this.rows.drop().catch(() => undefined);
  }

  /** Adds a row to the current batch. @returns keys of the flushed batch that existed already. */
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

  /** Returns up to two users with this name. */
  findNamed(name: string): Promise<Stored[]> {
    return this.rows.find({ kind: 'user', names: name }).limit(2).toArray();
  }

  of(kind: Kind, chat: string): Promise<Stored[]> {
    return this.rows.find({ kind, chat }).sort({ order: 1 }).toArray();
  }

  /** Returns messages by id. Several conversations may use the same id. */
  async messagesById(ids: readonly string[]): Promise<Map<string, StagedMessage[]>> {
    const found = await this.rows
      .find<StagedMessage>({ kind: 'message', id: { $in: [...new Set(ids)] } })
      .project<StagedMessage>({ chat: 1, id: 1, at: 1 })
      .toArray();
    return groupBy(found, ({ id }) => id);
  }

  /** Stages the newest time up to which each user has read. */
  async advanceReads(reads: readonly { chat: string; person: string; readAt: Date }[]): Promise<void> {
    if (reads.length === 0) return;
    await this.rows.bulkWrite(
      reads.map(({ chat, person, readAt }) => ({
        updateOne: {
          filter: { _id: `read:${JSON.stringify([chat, person])}` as never },
          update: { $setOnInsert: { kind: 'read', chat, person }, $max: { readAt } },
          upsert: true,
        },
      })),
    );
  }

  /** Returns (id, sender) pairs that these chats use for different messages. Such ids are unique only within a chat. */
  async clashing(chats: readonly string[]): Promise<Set<string>> {
    const cursor = this.rows.aggregate([
      { $match: { kind: 'message', chat: { $in: [...chats] } } },
      {
        $group: {
          _id: { id: '$id', sender: '$sender' },
          ...Object.fromEntries<unknown>(
            COMPARED.flatMap(([name, field]) => [
              [`${name}Min`, { $min: field }],
              [`${name}Max`, { $max: field }],
            ]),
          ),
        },
      },
    ]);
    const found = new Set<string>();
    for await (const row of cursor) {
      const { id, sender } = row['_id'] as { id: string; sender: string };
      const differs = COMPARED.some(([name]) => !isSame(row[`${name}Min`], row[`${name}Max`]));
      if (differs) found.add(clashKey(id, sender));
    }
    return found;
  }

  /** Yields every row of a kind in the order in which it was read. */
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

  /** Yields conversations that have a target, grouped by target. */
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

  /** Yields the messages of chats that become one, ordered by time, in batches. Holds one page per chat in memory. */
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

  /** Yields the number of messages per old conversation. */
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

/** Fields that decide whether two messages with one id are the same. */
const COMPARED = [
  ['at', '$at'],
  ['text', '$text'],
  ['url', '$attachment.url'],
] as const;
const isSame = (a: unknown, b: unknown): boolean =>
  a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b;

export const clashKey = (id: string, sender: string): string => JSON.stringify([id, sender]);

const compare = (a: StagedMessage | undefined, b: StagedMessage | undefined): number =>
  (a?.at.getTime() ?? 0) - (b?.at.getTime() ?? 0) || (a?.order ?? 0) - (b?.order ?? 0);

/** Reads the messages of one chat, ordered by time. */
class Pages {
  #page: StagedMessage[] = [];
  #index = 0;

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
    return this.#page[this.#index];
  }

  async advance(): Promise<void> {
    const last = this.head;
    this.#index += 1;
    if (this.#index < this.#page.length || last === undefined || this.#page.length < BATCH) return;
    await this.#read({
      at: { $gte: last.at },
      $or: [{ at: { $gt: last.at } }, { order: { $gt: last.order } }],
    });
  }

  async #read(range: Stored): Promise<void> {
    this.#index = 0;
    this.#page = await this.rows
      .find<StagedMessage>({ kind: 'message', chat: this.chat, ...range })
      .sort({ at: 1, order: 1 })
      .limit(BATCH)
      .toArray();
  }
}
