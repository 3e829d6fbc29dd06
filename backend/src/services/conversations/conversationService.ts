import type { ConversationId, ConversationView, OccasionInput, UserId } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ConversationModel, ConversationRecord, Occasion } from '../../models/conversationModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { isDuplicateKey } from '../../models/insertMany.js';
import { isDatabaseUnavailable } from '../../models/unavailable.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import { Backoff } from '../../utils/backoff.js';
import { monotonicMs, sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import { participantsKey } from '../../utils/participantsKey.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import type { Summaries } from '../derived/index.js';
import {
  type Access,
  isPair,
  type Membership,
  type MembershipStore,
  readWithEnd,
} from '../membership/index.js';
import type { ConversationViews } from '../views/index.js';
import type { DatabaseTime, WriteWatermark } from '../runtime/index.js';
import type { Redirects } from './redirects.js';
import type { Publisher } from '../ports.js';
import type { Safety } from '../safety/index.js';
import type { ViewerRules } from '../visibility/index.js';

interface ConversationServiceDeps {
  conversations: ConversationModel;
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  memberships: MembershipStore;
  summaries: Pick<Summaries, 'overlay'>;
  access: Access;
  safety: Pick<Safety, 'blocks' | 'matches'>;
  viewerRules: Pick<ViewerRules, 'restrictions'>;
  views: ConversationViews;
  redirects: Pick<Redirects, 'follow'>;
  time: DatabaseTime;
  watermark: WriteWatermark;
  publisher: Publisher;
  metrics: Metrics;
  logger: Logger;
  log: ThrottledLog;
}

interface OpenOptions {
  occasion?: OccasionInput | undefined;
  originSocketId?: string | undefined;
  /** True for the app's backend and for moderators. */
  isTrusted?: boolean;
}

/** The end of a conversation's log. Not read for a new conversation, which has none. */
interface ReadEnd {
  membership?: Promise<Membership | undefined>;
  lastMessages?: Promise<readonly MessageRecord[]>;
}
const NOT_READ: ReadEnd = {};

/**
 * Time for attempts to find or insert the document of a pair, in ms. Each attempt may quarantine one invalid document
 * with its key.
 */
const ATTEMPTS_MS = 3_000;
/**
 * Pause between two attempts, in ms. The unique index may reject a key before its document can be read: on a busy
 * database long before.
 */
const RACE_PAUSE_MS = 5;
const RACE_MAX_PAUSE_MS = 100;

/** Opens and reads conversations. There is exactly one direct conversation for two users. */
export class ConversationService {
  readonly #deps: ConversationServiceDeps;

  constructor(deps: ConversationServiceDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the direct conversation of two users; creates it if it does not exist. Idempotent and atomic across
   * processes. A closed conversation is reopened for the user who closed it and for trusted callers.
   *
   * @throws AppError `VALIDATION` for a chat with oneself, `BLOCKED` (also when the other user has closed it).
   */
  async getOrCreateDirect(
    caller: UserId,
    other: UserId,
    { occasion, originSocketId, isTrusted = false }: OpenOptions = {},
  ): Promise<{ conversation: ConversationView; created: boolean }> {
    requireTwo(caller, other);
    const { blocks, matches } = this.#deps.safety;
    const startedMs = monotonicMs();
    await blocks.requireNotBlocked(caller, other);
    await this.#deps.viewerRules.restrictions.ensureFresh();
    // A conversation opened by a restricted user, and its occasion, are visible to that user only.
    const isShadow = !isTrusted && this.#deps.viewerRules.restrictions.shadowOf(caller) !== undefined;
    const found = await this.#findOrInsert(caller, other, isShadow);
    const { record } = found;
    const wasShadow = record.shadow === true && record.createdBy !== caller;
    const created = found.created || (wasShadow && (await this.#openShadow(record, caller)));
    // Most conversations are open and stay as they are: the view is read at the same time as the checks.
    const isUnchanged =
      !found.created && !wasShadow && occasion === undefined && record.closedBy === undefined;
    const { membership, lastMessages } = found.created ? NOT_READ : this.#readEnd(record);
    const unchangedViews = isUnchanged ? this.#beginViews(caller, record, lastMessages) : undefined;
    const [reopened, isBlockHidden] = await Promise.all([
      membership !== undefined &&
        matches.reopen(record, { userId: caller, isTrusted, originSocketId, membership }),
      blocks.requireStillNotBlocked([caller, other], record, { isNew: created }),
    ]);
    const mayAddOccasion = occasion !== undefined && !isBlockHidden;
    const isOccasionAdded =
      mayAddOccasion && (await this.#addOccasion(record, { ...occasion, startedBy: caller }, isShadow));
    this.#deps.metrics.createOrGet.observe({ created: String(created) }, (monotonicMs() - startedMs) / 1_000);
    const current =
      isOccasionAdded || reopened || wasShadow
        ? ((await this.#deps.conversations.findById(record._id)) ?? record)
        : record;
    const presentTo = async (user: UserId): Promise<ConversationView[]> =>
      found.created
        ? [await this.#deps.views.presentNew(user, current)]
        : this.#deps.views.present(user, [current]);
    const [view] = (reopened ? undefined : await unchangedViews) ?? (await presentTo(caller));
    if (view === undefined) throw notParticipant();
    // The hidden block is not revealed: the caller sees the occasion as if it had been stored.
    const isOccasionFaked = isBlockHidden && occasion !== undefined;
    const conversation = isOccasionFaked
      ? withOccasion(view, { ...occasion, startedBy: caller, at: this.#deps.time.now() })
      : view;
    if (created || isOccasionAdded) {
      this.#notify(caller, conversation, { created, originSocketId });
      // A user who has blocked the caller learns of the conversation with its first message that they may see.
      const [otherView] = isShadow || isBlockHidden ? [] : await presentTo(other);
      if (otherView !== undefined) this.#notify(other, otherView, { created });
    }
    return { conversation, created };
  }

  /** Returns the stored conversation of two users, whether it is open or closed. */
  findDirect(one: UserId, other: UserId): Promise<ConversationRecord | undefined> {
    return this.#deps.conversations.findByKey(participantsKey(one, other));
  }

  /** Returns the caller's open direct conversations with some other users, as the caller sees them. */
  async listDirect(caller: UserId, others: readonly UserId[]): Promise<ConversationView[]> {
    const keys = others.filter((other) => other !== caller).map((other) => participantsKey(caller, other));
    const records = await this.#deps.conversations.findKeys(keys);
    // Without those that one of the two has closed; `closed` is a block here.
    return (await this.#deps.views.present(caller, records)).filter(({ closed }) => !closed);
  }

  /** Returns a stored conversation, whoever is in it. */
  find(id: ConversationId): Promise<ConversationRecord | undefined> {
    return this.#deps.conversations.findById(id);
  }

  /** Returns one conversation as the caller sees it. @throws AppError `NOT_PARTICIPANT`. */
  async get(caller: UserId, id: ConversationId): Promise<ConversationView> {
    const { conversations, access, views } = this.#deps;
    const record = await conversations.findById(id);
    if (record === undefined) throw notParticipant();
    const { membership, lastMessages } = this.#readEnd(record);
    // Read at the same time as the check, which decides.
    const view = views.presentOne(caller, record, { lastMessages });
    view.catch(() => undefined);
    await access.requireMemberIn(caller, await membership);
    return view;
  }

  /** Builds views that are awaited later, if at all. */
  #beginViews(
    caller: UserId,
    record: ConversationRecord,
    lastMessages: ReadEnd['lastMessages'],
  ): Promise<ConversationView[]> {
    const views = this.#deps.views.present(caller, [record], { lastMessages });
    views.catch(() => undefined);
    return views;
  }

  /** Reads the newest message of a conversation and its membership, in one query. */
  #readEnd(stored: ConversationRecord): Required<ReadEnd> {
    const record = this.#deps.summaries.overlay(stored);
    const { lastMessageSeq } = record;
    const reading = readWithEnd(this.#deps, record, lastMessageSeq === 0 ? [] : [lastMessageSeq]);
    const membership = reading.then((end) => end.membership);
    const lastMessages = reading.then(({ messages }) => messages);
    // Not both are awaited when something else fails first.
    for (const one of [membership, lastMessages]) one.catch(() => undefined);
    return { membership, lastMessages };
  }

  async #findOrInsert(
    caller: UserId,
    other: UserId,
    isShadow: boolean,
  ): Promise<{ record: ConversationRecord; created: boolean }> {
    const key = participantsKey(caller, other);
    const backoff = new Backoff(RACE_PAUSE_MS, RACE_MAX_PAUSE_MS);
    const endMs = monotonicMs() + ATTEMPTS_MS;
    for (let isFirst = true; isFirst || monotonicMs() < endMs; isFirst = false) {
      if (!isFirst) await sleep(backoff.next());
      const found = await this.#upsert({ creator: caller, other, isShadow }, key);
      if (found === undefined) continue;
      // After a merge the oldest conversation keeps the key and redirects to the merged one.
      if (isPair(found.record, key))
        return { ...found, record: await this.#deps.redirects.follow(found.record) };
      await this.#quarantine(found.record, key);
    }
    throw new AppError('UNAVAILABLE', 'The conversation could not be created; ask again.', {
      retryAfterMs: 200,
    });
  }

  /**
   * Returns undefined when another call won the race and its document could not be read yet. Not every database server
   * reports such a race as a duplicate key, so the key is read again after any of these errors.
   */
  async #upsert(
    pair: { creator: UserId; other: UserId; isShadow: boolean },
    key: string,
  ): Promise<{ record: ConversationRecord; created: boolean } | undefined> {
    const { conversations, watermark, time, metrics, log } = this.#deps;
    try {
      return await watermark.track(() => conversations.upsertDirect(pair, time.now()));
    } catch (error) {
      if (!isDuplicateKey(error) && !isDatabaseUnavailable(error)) throw error;
      const record = await conversations.findByKey(key);
      if (record !== undefined || isDuplicateKey(error)) {
        metrics.duplicateKeys.inc();
        const race = { participantsKey: key };
        log.warn(pair.creator, race, 'another call made this conversation at the same moment');
      }
      return record && { record, created: false };
    }
  }

  /** Removes the key from a document that is not exactly this pair. The document is kept for repair. */
  async #quarantine(record: ConversationRecord, key: string): Promise<void> {
    if (!(await this.#deps.conversations.quarantineKey(record._id, key))) return;
    this.#deps.metrics.quarantinedKeys.inc();
    this.#deps.logger.warn(
      { conversationId: record._id, participantsKey: key, participants: record.participants.toSorted() },
      'a conversation had the key of a pair without being exactly that pair; the key was quarantined',
    );
  }

  #openShadow({ _id }: ConversationRecord, caller: UserId): Promise<boolean> {
    const { conversations, watermark } = this.#deps;
    return watermark.track(() => conversations.openShadow(_id, caller));
  }

  #addOccasion(
    { _id }: ConversationRecord,
    occasion: OccasionInput & { startedBy: UserId },
    isShadow: boolean,
  ): Promise<boolean> {
    const { conversations, watermark, time } = this.#deps;
    return watermark.track(() => conversations.addOccasion(_id, { ...occasion, at: time.now() }, isShadow));
  }

  /** Sends the conversation to a user's devices, except the socket that receives the answer. */
  #notify(
    userId: UserId,
    conversation: ConversationView,
    { created, originSocketId }: { created: boolean; originSocketId?: string | undefined },
  ): void {
    const head = { conversationId: conversation._id, lastSeq: conversation.lastSeq, rev: conversation.rev };
    this.#deps.publisher.toUsers(
      [userId],
      created
        ? { event: 'conversation:created', data: { conversation } }
        : { event: 'conversation:updated', data: { conversation, head } },
      { exceptSocketId: originSocketId },
    );
  }
}

function requireTwo(caller: UserId, other: UserId): void {
  if (caller !== other) return;
  throw new AppError('VALIDATION', 'A direct conversation has two distinct members.', {
    details: [{ path: 'otherUserId', rule: 'must be another user' }],
  });
}

/** Adds an occasion that was not stored to a view. */
const withOccasion = (view: ConversationView, { at, ...occasion }: Occasion): ConversationView => ({
  ...view,
  occasions: [...view.occasions, { ...occasion, at: at.toISOString() }],
});
