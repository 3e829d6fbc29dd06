import { hash } from 'node:crypto';
import {
  LIMITS,
  type Action,
  type ConversationId,
  type ConversationView,
  type CreateGroupInput,
  type Role,
  type UpdateConversationInput,
  type UserId,
} from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import { AppError, conflict, notParticipant } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ControlLog, Wish } from '../controlLog.js';
import type { ConversationViews } from '../conversationViews.js';
import type { DatabaseTime } from '../derived/databaseTime.js';
import type { WriteWatermark } from '../derived/writeWatermark.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import {
  decideAdd,
  decideChange,
  decideCreate,
  decideJoin,
  decideLeave,
  decideRemove,
  decideRole,
} from './decisions.js';
import type { BlockService } from '../safety/blockService.js';
import type { GroupNews } from './groupNews.js';

interface GroupServiceParts {
  conversations: Pick<ConversationModel, 'upsertGroup' | 'findById'>;
  members: Pick<MemberModel, 'findPage' | 'findOwn' | 'findApart'>;
  memberships: MembershipStore;
  controlLog: ControlLog;
  blocks: Pick<BlockService, 'refusalOf'>;
  views: ConversationViews;
  news: GroupNews;
  time: DatabaseTime;
  watermark: WriteWatermark;
  metrics: Pick<Metrics, 'thirdMembers'>;
  logger: Logger;
}

export interface Caller {
  userId: UserId;
  socketId?: string | undefined;
}

/** The same name for a creation has to mean the same group. */
const hashCreation = ({
  type = 'group',
  name,
  participants,
  avatar,
  history,
  open,
}: CreateGroupInput): string =>
  hash(
    'sha256',
    JSON.stringify([type, name, participants.toSorted(), avatar, history, open]),
    'base64url',
  ).slice(0, 22);

/** How many members are looked at for who owns a channel next, should the first of them leave meanwhile. */
const CANDIDATES = 10;

/**
 * Groups and channels: every change of who is in them is an entry of their own log, decided at its place there. So no
 * message of somebody removed can be committed behind the removal, by whichever process.
 */
export class GroupService {
  readonly #parts: GroupServiceParts;

  constructor(parts: GroupServiceParts) {
    this.#parts = parts;
  }

  /**
   * Makes a group or channel. With a `clientConversationId` a repeated creation returns the first one.
   *
   * @throws AppError `LIMIT_EXCEEDED`, `CONFLICT` (another group under the same name), `UNAVAILABLE`.
   */
  async create(
    { userId, socketId }: Caller,
    input: CreateGroupInput,
  ): Promise<{ conversation: ConversationView; created: boolean }> {
    const type = input.type ?? 'group';
    const userIds = [...new Set([userId, ...input.participants])];
    if (type === 'group' && userIds.length > LIMITS.sizes.large) {
      throw new AppError('LIMIT_EXCEEDED', `A group may have ${LIMITS.sizes.large} members at most.`, {
        details: [{ path: 'participants', rule: `at most ${LIMITS.sizes.large} with the creator` }],
      });
    }
    await this.#requireNotBlocked(userId, input.participants);
    const { conversations, controlLog, watermark, time, news } = this.#parts;
    const creationHash = hashCreation(input);
    const record = await watermark.track(() =>
      conversations.upsertGroup(
        { type, creator: userId, creationHash, name: input.clientConversationId },
        time.now(),
      ),
    );
    if (record.creationHash !== creationHash)
      throw conflict('This clientConversationId was used for another group.');
    const action: Action & { type: 'created' } = {
      type: 'created',
      members: userIds.map((id) => ({ userId: id, role: id === userId ? 'owner' : 'member' })),
      name: input.name,
      ...(input.avatar !== undefined && { avatar: input.avatar }),
      history: input.history ?? (type === 'channel' ? 'all' : 'joined'),
      open: input.open ?? type === 'channel',
    };
    const committed = await controlLog.commit({
      ...{
        conversationId: record._id,
        caller: userId,
        decide: decideCreate(action),
        originSocketId: socketId,
      },
    });
    if (committed !== undefined) await news.tellChange(committed);
    return { conversation: await this.#view(userId, record._id), created: committed !== undefined };
  }

  /** Nobody gets into a group by somebody whom they have blocked. */
  async #requireNotBlocked(adder: UserId, userIds: readonly UserId[]): Promise<void> {
    const refusal = await this.#parts.blocks.refusalOf(adder, userIds);
    if (refusal !== undefined) throw refusal;
  }

  /** Adds members; who is one already stays as they are. @throws AppError `FORBIDDEN`, `LIMIT_EXCEEDED` … */
  async add(caller: Caller, id: ConversationId, userIds: readonly UserId[]): Promise<ConversationView> {
    await this.#requireNotBlocked(caller.userId, userIds);
    return this.#change(caller, {
      conversationId: id,
      decide: decideAdd(caller.userId, userIds),
      about: userIds,
    });
  }

  /** @throws AppError `FORBIDDEN`, `NOT_PARTICIPANT`. */
  remove(caller: Caller, id: ConversationId, userId: UserId): Promise<ConversationView> {
    const decide = decideRemove(caller.userId, userId);
    return this.#change(caller, { conversationId: id, decide, about: [userId] });
  }

  /** Joins an open channel or group. @throws AppError `NOT_PARTICIPANT` (not open, or not there), `LIMIT_EXCEEDED`. */
  async join(caller: Caller, id: ConversationId): Promise<ConversationView> {
    const apart = await this.#parts.members.findApart([caller.userId]);
    if (apart.length >= LIMITS.maxApart && !apart.some(({ conversationId }) => conversationId === id)) {
      throw new AppError('LIMIT_EXCEEDED', `You may be in ${LIMITS.maxApart} large groups and channels.`);
    }
    return this.#change(caller, { conversationId: id, decide: decideJoin(caller.userId) });
  }

  /** Leaves; an owner hands the conversation on. @throws AppError `NOT_PARTICIPANT`, `FORBIDDEN` (direct). */
  async leave(caller: Caller, id: ConversationId): Promise<void> {
    const { controlLog, members, news } = this.#parts;
    const candidates = await this.#findSuccessors(caller.userId, id);
    try {
      const committed = await controlLog.commit({
        ...{ conversationId: id, caller: caller.userId, originSocketId: caller.socketId },
        ...{ decide: decideLeave(caller.userId, candidates), about: candidates },
      });
      if (committed !== undefined) await news.tellChange(committed);
    } catch (error) {
      const [own] = await members.findOwn(caller.userId, [id]);
      // Left before: the answer to that was lost, perhaps.
      if (own?.leftSeq === undefined) throw error;
    }
  }

  /** @throws AppError `FORBIDDEN`, `NOT_FOUND` (no such member), `NOT_PARTICIPANT`. */
  setRole(
    caller: Caller,
    id: ConversationId,
    wish: { userId: UserId; role: Role },
  ): Promise<ConversationView> {
    const decide = decideRole(caller.userId, wish);
    return this.#change(caller, { conversationId: id, decide, about: [wish.userId] });
  }

  /** Sets the name, picture or rules: an entry for each that is different. @throws AppError `FORBIDDEN` … */
  async update(caller: Caller, input: UpdateConversationInput): Promise<ConversationView> {
    const { conversationId: id, name, avatar, history, open } = input;
    const actions: (Action & { type: 'renamed' | 'avatar' | 'settings' })[] = [
      ...(name === undefined ? [] : [{ type: 'renamed' as const, name }]),
      ...(avatar === undefined ? [] : [{ type: 'avatar' as const, ...(avatar !== null && { avatar }) }]),
      ...(history === undefined && open === undefined
        ? []
        : [
            {
              type: 'settings' as const,
              ...(history !== undefined && { history }),
              ...(open !== undefined && { open }),
            },
          ]),
    ];
    // In the order of their entries: three at most.
    for (const action of actions) {
      await this.#commit(caller, { conversationId: id, decide: decideChange(caller.userId, action) });
    }
    return this.#view(caller.userId, id);
  }

  async #change(caller: Caller, wish: Omit<Wish, 'caller' | 'originSocketId'>): Promise<ConversationView> {
    await this.#commit(caller, wish);
    return this.#view(caller.userId, wish.conversationId);
  }

  async #commit(caller: Caller, wish: Omit<Wish, 'caller' | 'originSocketId'>): Promise<void> {
    const { controlLog, news } = this.#parts;
    try {
      const committed = await controlLog.commit({
        ...wish,
        ...{ caller: caller.userId, originSocketId: caller.socketId },
      });
      if (committed !== undefined) await news.tellChange(committed);
    } catch (error) {
      if (error instanceof AppError && error.code === 'FORBIDDEN') this.#watchPairs(wish);
      throw error;
    }
  }

  /** A direct conversation never gets a third member; that somebody tried is for an operator to see (requirement B6). */
  #watchPairs({ conversationId, about = [] }: Pick<Wish, 'conversationId' | 'about'>): void {
    const membership = this.#parts.memberships.peek(conversationId);
    if (membership?.type !== 'direct' || about.length === 0) return;
    this.#parts.metrics.thirdMembers.inc();
    this.#parts.logger.warn(
      { conversationId, watermark: [...membership.members.keys()].sort(), refused: about },
      'a direct conversation was to get a third member',
    );
  }

  /** Of a channel not everybody is in memory: who comes first by role and time. */
  async #findSuccessors(caller: UserId, id: ConversationId): Promise<UserId[]> {
    const membership = await this.#parts.memberships.current(id);
    if (membership?.type !== 'channel') return [];
    const page = await this.#parts.members.findPage(id, CANDIDATES);
    return page.map(({ userId }) => userId).filter((userId) => userId !== caller);
  }

  async #view(userId: UserId, id: ConversationId): Promise<ConversationView> {
    const record: ConversationRecord | undefined = await this.#parts.conversations.findById(id);
    if (record === undefined) throw notParticipant();
    return this.#parts.views.presentOne(userId, record);
  }
}
