import { LRUCache } from 'lru-cache';
import type { ConversationId, MessageId, UserId } from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../models/conversationModel.js';
import type { MovedModel } from '../models/movedModel.js';
import { notParticipant, unavailable } from '../utils/appError.js';
import { monotonicMs, sleep } from '../utils/clock.js';
import type { ConversationViews } from './conversationViews.js';
import type { Publisher } from './ports.js';
import { isSoundDirect } from './sound.js';

interface MovesParts {
  conversations: Pick<ConversationModel, 'findById'>;
  moved: Pick<MovedModel, 'findSeq' | 'findRev' | 'findMessage'>;
  views: ConversationViews;
  publisher: Publisher;
}

/** Merges of merges: more than this in a row is a circle. */
export const MAX_HOPS = 10;
/** Between the sealing of the old logs and the opening of the new one lie milliseconds: so long one waits, in ms. */
const OPEN_WITHIN_MS = 3_000;
const LOOK_AGAIN_MS = 25;
/** Who has been told already that a conversation goes on elsewhere. */
const MAX_TOLD = 20_000;

/** Where sealed conversations go on. Old ids and old places live for ever: clients, scripts and links hold them. */
export class Moves {
  readonly #parts: MovesParts;
  readonly #told = new LRUCache<string, true>({ max: MAX_TOLD });

  constructor(parts: MovesParts) {
    this.#parts = parts;
  }

  /** The conversation itself, or the one in which it goes on. @throws AppError `UNAVAILABLE` while it is being moved. */
  async follow(record: ConversationRecord): Promise<ConversationRecord> {
    let current = record;
    for (let hop = 0; current.mergedInto !== undefined; hop += 1) {
      if (hop >= MAX_HOPS) throw notParticipant();
      current = await this.#opened(current.mergedInto);
    }
    return current;
  }

  /**
   * Where a sealed conversation goes on for one of its members: the one it was merged into, or, of a split one (which
   * leads to itself), the only one of its pairs that is theirs. Whoever was in the middle has several, and the old id
   * names none of them any more.
   *
   * @throws AppError `NOT_PARTICIPANT`, `UNAVAILABLE` while it is being split.
   */
  async destination(
    userId: UserId,
    { from, into }: { from: ConversationId; into: ConversationId },
  ): Promise<ConversationId> {
    if (from !== into) return into;
    const record = await this.#parts.conversations.findById(from);
    if (record === undefined) throw notParticipant();
    if (record.splitInto.length === 0) {
      throw unavailable('This conversation is being split; ask again.');
    }
    const theirs = record.splitInto.filter(
      ({ participants }) => participants.length === 2 && participants.includes(userId),
    );
    const [only] = theirs;
    if (only === undefined || theirs.length > 1) throw notParticipant();
    return only.conversationId;
  }

  /**
   * Waits until a conversation into which another one is merged can be used, and tells the devices of who asks.
   *
   * @throws AppError `UNAVAILABLE`.
   */
  async arrive(
    userId: UserId,
    { from, into }: { from: ConversationId; into: ConversationId },
  ): Promise<void> {
    const record = await this.#opened(into);
    const key = `${from} ${userId}`;
    if (this.#told.has(key) || record.mergedInto !== undefined) return;
    this.#told.set(key, true);
    const { publisher, views } = this.#parts;
    const conversation = await views.presentOne(userId, record);
    publisher.toUsers([userId], {
      event: 'conversation:removed',
      data: { conversationId: from, reason: 'merged' },
    });
    publisher.toUsers([userId], { event: 'conversation:created', data: { conversation } });
  }

  /**
   * The new place of a message; with `floor` that of the last one up to there. Undefined: there was none.
   *
   * @param within of a split conversation the only one that counts.
   */
  seqOf(
    from: ConversationId,
    seq: number,
    options: { floor: boolean; within: ConversationId | undefined },
  ): Promise<number | undefined> {
    return this.#parts.moved.findSeq(from, seq, options);
  }

  revOf(from: ConversationId, rev: number): Promise<number> {
    return this.#parts.moved.findRev(from, rev);
  }

  messageOf(id: MessageId): Promise<MessageId | undefined> {
    return this.#parts.moved.findMessage(id);
  }

  async #opened(id: ConversationId): Promise<ConversationRecord> {
    const startedMs = monotonicMs();
    for (;;) {
      const record = await this.#parts.conversations.findById(id);
      if (record !== undefined && isSoundDirect(record)) return record;
      if (monotonicMs() - startedMs > OPEN_WITHIN_MS) {
        throw unavailable('This conversation is being merged with another one; ask again.');
      }
      await sleep(LOOK_AGAIN_MS);
    }
  }
}
