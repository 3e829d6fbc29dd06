import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MovedModel } from '../../models/movedModel.js';
import { notParticipant, unavailable } from '../../utils/appError.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import { createLru } from '../../utils/lru.js';
import type { ConversationViews } from '../views/index.js';
import type { Publisher } from '../ports.js';
import { isValidDirect } from '../membership/index.js';

interface RedirectsDeps {
  conversations: Pick<ConversationModel, 'findById'>;
  moved: Pick<MovedModel, 'findSeq' | 'findRev' | 'findNewId'>;
  views: ConversationViews;
  publisher: Publisher;
}

/** Redirects followed in a row; more than this are taken for a cycle. */
export const MAX_HOPS = 10;
/** Time to wait for the target of a merge, in ms. It usually opens milliseconds after the old logs are sealed. */
const OPEN_TIMEOUT_MS = 3_000;
const POLL_INTERVAL_MS = 25;
/** Pairs of conversation and user remembered, so that a user is notified of a merge once per process. */
const MAX_NOTIFIED = 20_000;

/** Redirects from merged or split conversations. Old ids and `seq` stay valid for ever: clients and links hold them. */
export class Redirects {
  readonly #deps: RedirectsDeps;
  readonly #notified = createLru<string, true>(MAX_NOTIFIED);

  constructor(deps: RedirectsDeps) {
    this.#deps = deps;
  }

  /** Returns the conversation, or the one it was merged into. @throws AppError `UNAVAILABLE` during the merge. */
  async follow(record: ConversationRecord): Promise<ConversationRecord> {
    let current = record;
    for (let hop = 0; current.mergedInto !== undefined; hop += 1) {
      if (hop >= MAX_HOPS) throw notParticipant();
      current = await this.#waitUntilOpen(current.mergedInto);
    }
    return current;
  }

  /**
   * Returns the conversation that a sealed one redirects to for one of its members. A merged conversation redirects to
   * its target. A split conversation (`from` equals `into`) redirects to the one pair that the member belongs to. A
   * member of several of the pairs gets `NOT_PARTICIPANT`, as the old id is ambiguous for them.
   *
   * @throws AppError `NOT_PARTICIPANT`, `UNAVAILABLE` while it is being split.
   */
  async destination(
    userId: UserId,
    { from, into }: { from: ConversationId; into: ConversationId },
  ): Promise<ConversationId> {
    if (from !== into) return into;
    const record = await this.#deps.conversations.findById(from);
    if (record === undefined) throw notParticipant();
    if (record.splitInto.length === 0) {
      throw unavailable('This conversation is being split; ask again.');
    }
    const ownPairs = record.splitInto.filter(
      ({ participants }) => participants.length === 2 && participants.includes(userId),
    );
    const [only] = ownPairs;
    if (only === undefined || ownPairs.length > 1) throw notParticipant();
    return only.conversationId;
  }

  /**
   * Waits until the target of a merge can be used, and notifies the user's devices of the change.
   *
   * @throws AppError `UNAVAILABLE` after `OPEN_TIMEOUT_MS`.
   */
  async waitForTarget(
    userId: UserId,
    { from, into }: { from: ConversationId; into: ConversationId },
  ): Promise<void> {
    const record = await this.#waitUntilOpen(into);
    const key = `${from} ${userId}`;
    if (this.#notified.has(key) || record.mergedInto !== undefined) return;
    this.#notified.set(key, true);
    const { publisher, views } = this.#deps;
    const conversation = await views.presentOne(userId, record);
    publisher.toUsers([userId], {
      event: 'conversation:removed',
      data: { conversationId: from, reason: 'merged' },
    });
    publisher.toUsers([userId], { event: 'conversation:created', data: { conversation } });
  }

  /**
   * Returns the new `seq` of a message that was moved; undefined if it was not. With `floor`, returns the new `seq` of
   * the last moved message up to this one.
   *
   * @param options.within limits the search to one of the pairs of a split conversation.
   */
  seqOf(
    from: ConversationId,
    seq: number,
    options: { floor: boolean; within: ConversationId | undefined },
  ): Promise<number | undefined> {
    return this.#deps.moved.findSeq(from, seq, options);
  }

  /** Returns the `rev` in the target's change log that corresponds to this one; 0 if no change was moved. */
  revOf(from: ConversationId, rev: number): Promise<number> {
    return this.#deps.moved.findRev(from, rev);
  }

  messageOf(id: MessageId): Promise<MessageId | undefined> {
    return this.#deps.moved.findNewId(id);
  }

  async #waitUntilOpen(id: ConversationId): Promise<ConversationRecord> {
    const startedMs = monotonicMs();
    for (;;) {
      const record = await this.#deps.conversations.findById(id);
      if (record !== undefined && isValidDirect(record)) return record;
      if (monotonicMs() - startedMs > OPEN_TIMEOUT_MS) {
        throw unavailable('This conversation is being merged with another one; ask again.');
      }
      await sleep(POLL_INTERVAL_MS);
    }
  }
}
