import type { ConversationId, ConversationView, OccasionInput, UserId } from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../models/conversationModel.js';
import { isDuplicateKey } from '../models/insertMany.js';
import { isDatabaseUnavailable } from '../models/unavailable.js';
import { AppError, notParticipant } from '../utils/appError.js';
import { Backoff } from '../utils/backoff.js';
import { monotonicMs, sleep } from '../utils/clock.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { participantsKey } from '../utils/participantsKey.js';
import type { Access } from './access.js';
import { isPair } from './sound.js';
import type { ConversationViews } from './conversationViews.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { WriteWatermark } from './derived/writeWatermark.js';
import type { Moves } from './moves.js';
import type { Publisher } from './ports.js';
import type { Safety } from './safety/index.js';

interface ConversationServiceParts {
  conversations: ConversationModel;
  access: Access;
  safety: Pick<Safety, 'blocks' | 'matches'>;
  views: ConversationViews;
  moves: Pick<Moves, 'follow'>;
  time: DatabaseTime;
  watermark: WriteWatermark;
  publisher: Publisher;
  metrics: Metrics;
  logger: Logger;
}

/** What one may say when opening a conversation. */
interface Opening {
  occasion?: OccasionInput | undefined;
  originSocketId?: string | undefined;
  /** The app's backend or a moderator asks. */
  isTrusted?: boolean;
}

/** Attempts to get a right document for a pair: each takes one wrong holder of the key out of the way. */
const MAX_ATTEMPTS = 6;
/** Between two of them: who was faster may be seen by a unique index a moment before it can be read. In ms. */
const RACE_PAUSE_MS = 5;
const RACE_MAX_PAUSE_MS = 50;

export class ConversationService {
  readonly #parts: ConversationServiceParts;

  constructor(parts: ConversationServiceParts) {
    this.#parts = parts;
  }

  /**
   * The one direct conversation of two users; made if there is none. Idempotent and atomic, from any process.
   *
   * A closed one is opened again for whoever has closed it, and for whom the app trusts.
   *
   * @throws AppError `VALIDATION` for a chat with oneself, `BLOCKED` (also for a closed one, by the other).
   */
  async getOrCreateDirect(
    caller: UserId,
    other: UserId,
    { occasion, originSocketId, isTrusted = false }: Opening = {},
  ): Promise<{ conversation: ConversationView; created: boolean }> {
    if (caller === other) {
      throw new AppError('VALIDATION', 'A direct conversation has two distinct members.', {
        details: [{ path: 'otherUserId', rule: 'must be another user' }],
      });
    }
    const { blocks, matches } = this.#parts.safety;
    const startedMs = monotonicMs();
    await blocks.requireTogether(caller, other);
    const { record, created } = await this.#findOrInsert(caller, other);
    const [reopened] = await Promise.all([
      !created && matches.reopen(record, { userId: caller, isTrusted, originSocketId }),
      blocks.requireStillTogether(caller, other),
    ]);
    const news = occasion !== undefined && (await this.#keepOccasion(record, caller, occasion));
    this.#parts.metrics.createOrGet.observe(
      { created: String(created) },
      (monotonicMs() - startedMs) / 1_000,
    );
    const current =
      news || reopened ? ((await this.#parts.conversations.findById(record._id)) ?? record) : record;
    const conversation = await this.#parts.views.presentOne(caller, current);
    if (created || news) {
      this.#tell(caller, conversation, { created, originSocketId });
      // Of a new one nobody hears whose maker nobody is to hear of.
      const [theirs] = await this.#parts.views.present(other, [current]);
      if (theirs !== undefined) this.#tell(other, theirs, { created });
    }
    return { conversation, created };
  }

  /** One conversation as the caller sees it. @throws AppError `NOT_PARTICIPANT`. */
  async get(caller: UserId, id: ConversationId): Promise<ConversationView> {
    const [record] = await Promise.all([
      this.#parts.conversations.findById(id),
      this.#parts.access.requireMember(caller, id),
    ]);
    if (record === undefined) throw notParticipant();
    return this.#parts.views.presentOne(caller, record);
  }

  async #findOrInsert(
    caller: UserId,
    other: UserId,
  ): Promise<{ record: ConversationRecord; created: boolean }> {
    const key = participantsKey(caller, other);
    const backoff = new Backoff(RACE_PAUSE_MS, RACE_MAX_PAUSE_MS);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (attempt > 0) await sleep(backoff.next());
      const found = await this.#upsert(caller, other, key);
      if (found === undefined) continue;
      // After a merge the first one keeps the key, and leads to where everything goes on.
      if (isPair(found.record, key))
        return { ...found, record: await this.#parts.moves.follow(found.record) };
      await this.#quarantine(found.record, key);
    }
    throw new AppError('UNAVAILABLE', 'The conversation could not be settled; ask again.', {
      retryAfterMs: 200,
    });
  }

  /**
   * Undefined when the winner of a race was gone again before it could be read. Whatever the database says of such a
   * race (not every server says "duplicate key"), what it holds afterwards decides.
   */
  async #upsert(
    creator: UserId,
    other: UserId,
    key: string,
  ): Promise<{ record: ConversationRecord; created: boolean } | undefined> {
    const { conversations, watermark, time, metrics, logger } = this.#parts;
    try {
      return await watermark.track(() => conversations.upsertDirect({ creator, other }, time.now()));
    } catch (error) {
      if (!isDuplicateKey(error) && !isDatabaseUnavailable(error)) throw error;
      const record = await conversations.findByKey(key);
      if (record !== undefined || isDuplicateKey(error)) {
        metrics.duplicateKeys.inc();
        logger.warn({ participantsKey: key }, 'another call made this conversation at the same moment');
      }
      return record && { record, created: false };
    }
  }

  /** The key sits on a document that is not this pair: it is kept for repair, and never used for the chat. */
  async #quarantine(record: ConversationRecord, key: string): Promise<void> {
    if (!(await this.#parts.conversations.quarantineKey(record._id, key))) return;
    this.#parts.metrics.quarantinedKeys.inc();
    this.#parts.logger.warn(
      { conversationId: record._id, participantsKey: key, watermark: record.participants.toSorted() },
      'a conversation held the key of a pair without being exactly that pair',
    );
  }

  #keepOccasion(record: ConversationRecord, startedBy: UserId, occasion: OccasionInput): Promise<boolean> {
    const { conversations, watermark, time } = this.#parts;
    return watermark.track(() =>
      conversations.addOccasion(record._id, { ...occasion, startedBy, at: time.now() }),
    );
  }

  /** Tells somebody's devices, except the socket that gets an answer of its own. */
  #tell(
    userId: UserId,
    conversation: ConversationView,
    { created, originSocketId }: { created: boolean; originSocketId?: string | undefined },
  ): void {
    const head = { conversationId: conversation._id, lastSeq: conversation.lastSeq, rev: conversation.rev };
    this.#parts.publisher.toUsers(
      [userId],
      created
        ? { event: 'conversation:created', data: { conversation } }
        : { event: 'conversation:updated', data: { conversation, head } },
      { exceptSocketId: originSocketId },
    );
  }
}
