import { hash } from 'node:crypto';
import {
  LIMITS,
  type Action,
  type ConversationId,
  type ConversationView,
  type CreateGroupInput,
  type RefusedUser,
  type Role,
  type UpdateConversationInput,
  type UserId,
} from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import { AppError, conflict, notParticipant } from '../../utils/appError.js';
import type { Metrics } from '../../utils/metrics.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import type { MembershipEventLog, MembershipRequest } from '../commitLog/index.js';
import type { ConversationViews } from '../views/index.js';
import type { DatabaseTime, WriteWatermark } from '../runtime/index.js';
import { isLargeSize, type MembershipStore } from '../membership/index.js';
import {
  decideAdd,
  decideChange,
  decideCreate,
  decideJoin,
  decideLeave,
  decideRemove,
  decideRole,
  newcomersAmong,
} from './decisions.js';
import type { GroupNotifier } from './groupNotifier.js';
import type { Newcomers } from './newcomers.js';

interface GroupServiceDeps {
  conversations: Pick<ConversationModel, 'upsertGroup' | 'findById'>;
  members: Pick<MemberModel, 'findPage' | 'findByUser' | 'findLarge'>;
  memberships: MembershipStore;
  membershipEventLog: MembershipEventLog;
  newcomers: Newcomers;
  messages: Pick<MessageModel, 'findRange'>;
  views: ConversationViews;
  notifier: GroupNotifier;
  time: DatabaseTime;
  watermark: WriteWatermark;
  metrics: Pick<Metrics, 'thirdMembers'>;
  log: ThrottledLog;
}

export interface Caller {
  userId: UserId;
  socketId?: string | undefined;
  /** True for the app's backend and for moderators. */
  isTrusted?: boolean | undefined;
}

/** Hash of a creation. A repeated `clientConversationId` must have the same hash. */
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

interface CreatedGroup {
  conversation: ConversationView;
  created: boolean;
  refused: RefusedUser[];
}

function toCreatedAction(
  creator: UserId,
  members: readonly UserId[],
  { type, name, avatar, history, open }: CreateGroupInput,
): Action & { type: 'created' } {
  return {
    type: 'created',
    members: [
      { userId: creator, role: 'owner' },
      ...members.map((userId) => ({ userId, role: 'member' as const })),
    ],
    name,
    ...(avatar !== undefined && { avatar }),
    history: history ?? (type === 'channel' ? 'all' : 'joined'),
    open: open ?? type === 'channel',
  };
}

/** Number of members loaded as possible next owners of a channel, in case some of them leave at the same time. */
const MAX_SUCCESSORS = 10;

/**
 * Groups and channels. Every change of members is an entry of the conversation's log, and is decided at its position
 * there. So no process can commit a message of a removed member after the removal.
 */
export class GroupService {
  readonly #deps: GroupServiceDeps;

  constructor(deps: GroupServiceDeps) {
    this.#deps = deps;
  }

  /**
   * Creates a group or channel with those users who may be added. With a `clientConversationId`, a repeated creation
   * returns the first one.
   *
   * @throws AppError `LIMIT_EXCEEDED`, `CONFLICT` (id used for a different group), `UNAVAILABLE`.
   */
  async create(caller: Caller, input: CreateGroupInput): Promise<CreatedGroup> {
    const { userId, socketId } = caller;
    const type = input.type ?? 'group';
    const requestedIds = [...new Set(input.participants)].filter((id) => id !== userId);
    if (type === 'group' && requestedIds.length >= LIMITS.sizes.large) {
      throw new AppError('LIMIT_EXCEEDED', `A group may have ${LIMITS.sizes.large} members at most.`, {
        details: [{ path: 'participants', rule: `at most ${LIMITS.sizes.large} with the creator` }],
      });
    }
    const { conversations, membershipEventLog, watermark, time, notifier, newcomers } = this.#deps;
    const creationHash = hashCreation(input);
    const record = await watermark.track(() =>
      conversations.upsertGroup(
        { type, creator: userId, creationHash, name: input.clientConversationId },
        time.now(),
      ),
    );
    if (record.creationHash !== creationHash)
      throw conflict('This clientConversationId was used for another group.');
    const isNamed = input.clientConversationId !== undefined;
    const refusedBefore = isNamed ? await this.#refusedAtCreation(record._id, requestedIds) : undefined;
    if (refusedBefore !== undefined)
      return { conversation: await this.#view(userId, record._id), created: false, refused: refusedBefore };
    const { admitted, refused } = await newcomers.screen(caller, requestedIds, (more) =>
      isLargeSize(type, 1 + more, false),
    );
    const committed = await membershipEventLog.commit({
      conversationId: record._id,
      caller: userId,
      originSocketId: socketId,
      decide: decideCreate(toCreatedAction(userId, admitted, input)),
    });
    if (committed !== undefined) await notifier.notifyChange(committed);
    return {
      conversation: await this.#view(userId, record._id),
      created: committed !== undefined,
      // If two creations ran at the same time, this one returns the result of the other.
      refused:
        committed === undefined ? ((await this.#refusedAtCreation(record._id, requestedIds)) ?? []) : refused,
    };
  }

  /**
   * Returns the users who were not added at the creation (their codes are not stored). Undefined before the creation.
   */
  async #refusedAtCreation(
    id: ConversationId,
    requestedIds: readonly UserId[],
  ): Promise<RefusedUser[] | undefined> {
    const [entry] = await this.#deps.messages.findRange(id, 1, 1);
    if (entry?.action?.type !== 'created') return undefined;
    const members = new Set(entry.action.members.map(({ userId }) => userId));
    return requestedIds
      .filter((userId) => !members.has(userId))
      .map((userId) => ({ userId, code: 'FORBIDDEN' }));
  }

  /**
   * Adds those of these users who may be added. Users who are members already are skipped.
   *
   * @throws AppError `FORBIDDEN`, `NOT_PARTICIPANT`, `LIMIT_EXCEEDED`, `UNAVAILABLE`.
   */
  async add(
    caller: Caller,
    id: ConversationId,
    userIds: readonly UserId[],
  ): Promise<{ conversation: ConversationView; refused: RefusedUser[] }> {
    const { memberships, newcomers } = this.#deps;
    const membership = await memberships.current(id);
    const facts = membership && (await memberships.complete(membership, [caller.userId, ...userIds]));
    // The right of the caller and the size of the group are checked again at the position in the log.
    const newcomerIds =
      membership && facts ? newcomersAmong({ membership, facts }, caller.userId, userIds) : [];
    const { admitted, refused } = await newcomers.screen(
      caller,
      newcomerIds,
      (more) =>
        membership !== undefined &&
        isLargeSize(membership.type, membership.memberCount + more, membership.isLarge),
    );
    const conversation = await this.#change(caller, {
      conversationId: id,
      decide: decideAdd(caller.userId, admitted),
      about: userIds,
    });
    return { conversation, refused };
  }

  /** @throws AppError `FORBIDDEN`, `NOT_PARTICIPANT`. */
  remove(caller: Caller, id: ConversationId, userId: UserId): Promise<ConversationView> {
    const decide = decideRemove(caller.userId, userId);
    return this.#change(caller, { conversationId: id, decide, about: [userId] });
  }

  /** Joins an open channel or group. @throws AppError `NOT_PARTICIPANT` (not open or unknown), `LIMIT_EXCEEDED`. */
  async join(caller: Caller, id: ConversationId): Promise<ConversationView> {
    const large = await this.#deps.members.findLarge([caller.userId]);
    if (large.length >= LIMITS.maxLarge && !large.some(({ conversationId }) => conversationId === id)) {
      throw new AppError('LIMIT_EXCEEDED', `You may be in ${LIMITS.maxLarge} large groups and channels.`);
    }
    return this.#change(caller, { conversationId: id, decide: decideJoin(caller.userId) });
  }

  /**
   * Leaves. A leaving owner is succeeded by another member.
   *
   * @throws AppError `NOT_PARTICIPANT`, `FORBIDDEN` (direct).
   */
  async leave(caller: Caller, id: ConversationId): Promise<void> {
    const { membershipEventLog, members, notifier } = this.#deps;
    const candidates = await this.#findSuccessors(caller.userId, id);
    try {
      const committed = await membershipEventLog.commit({
        conversationId: id,
        caller: caller.userId,
        originSocketId: caller.socketId,
        decide: decideLeave(caller.userId, candidates),
        about: candidates,
      });
      if (committed !== undefined) await notifier.notifyChange(committed);
    } catch (error) {
      const [own] = await members.findByUser(caller.userId, [id]);
      // The caller has left before: the answer to an earlier attempt may have been lost.
      if (own?.leftSeq === undefined) throw error;
    }
  }

  /** @throws AppError `FORBIDDEN`, `NOT_FOUND` (no such member), `NOT_PARTICIPANT`. */
  setRole(
    caller: Caller,
    id: ConversationId,
    request: { userId: UserId; role: Role },
  ): Promise<ConversationView> {
    const decide = decideRole(caller.userId, request);
    return this.#change(caller, { conversationId: id, decide, about: [request.userId] });
  }

  /** Sets the name, picture and rules, with one entry for each that differs. @throws AppError `FORBIDDEN`. */
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
    // One after the other, at most three: their order in the log is the order of this list.
    for (const action of actions) {
      await this.#commit(caller, { conversationId: id, decide: decideChange(caller.userId, action) });
    }
    return this.#view(caller.userId, id);
  }

  async #change(
    caller: Caller,
    request: Omit<MembershipRequest, 'caller' | 'originSocketId'>,
  ): Promise<ConversationView> {
    await this.#commit(caller, request);
    return this.#view(caller.userId, request.conversationId);
  }

  async #commit(
    caller: Caller,
    request: Omit<MembershipRequest, 'caller' | 'originSocketId'>,
  ): Promise<void> {
    const { membershipEventLog, notifier } = this.#deps;
    try {
      const committed = await membershipEventLog.commit({
        ...request,
        caller: caller.userId,
        originSocketId: caller.socketId,
      });
      if (committed !== undefined) await notifier.notifyChange(committed);
    } catch (error) {
      if (error instanceof AppError && error.code === 'FORBIDDEN')
        this.#reportThirdMember(caller.userId, request);
      throw error;
    }
  }

  /**
   * Counts and logs attempts to add a third member to a direct conversation, which is never possible (requirement
   * B6).
   */
  #reportThirdMember(
    caller: UserId,
    { conversationId, about = [] }: Pick<MembershipRequest, 'conversationId' | 'about'>,
  ): void {
    const membership = this.#deps.memberships.peek(conversationId);
    if (membership?.type !== 'direct' || about.length === 0) return;
    this.#deps.metrics.thirdMembers.inc();
    const attempt = { conversationId, participants: [...membership.members.keys()].sort(), refused: about };
    this.#deps.log.warn(caller, attempt, 'refused to add a third member to a direct conversation');
  }

  /** Returns possible next owners of a channel, by role and time of joining: not all its members are in memory. */
  async #findSuccessors(caller: UserId, id: ConversationId): Promise<UserId[]> {
    const membership = await this.#deps.memberships.current(id);
    if (membership?.type !== 'channel') return [];
    const page = await this.#deps.members.findPage(id, MAX_SUCCESSORS);
    return page.map(({ userId }) => userId).filter((userId) => userId !== caller);
  }

  async #view(userId: UserId, id: ConversationId): Promise<ConversationView> {
    const record: ConversationRecord | undefined = await this.#deps.conversations.findById(id);
    if (record === undefined) throw notParticipant();
    return this.#deps.views.presentOne(userId, record);
  }
}
