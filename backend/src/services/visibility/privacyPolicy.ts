import type { ConversationId, PushName, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { SharedPart } from '../../models/memberModel.js';
import type { Membership } from '../membership/index.js';
import { effectivePosition, shownPosition, type Positions } from '../positions/index.js';
import type { UserDirectory } from '../users/index.js';
import type { BlockDirectory } from './blockDirectory.js';

export interface PrivacyPolicyDeps {
  users: Pick<UserDirectory, 'views' | 'knownPrivacy' | 'isRestricted'>;
  blocks: Pick<BlockDirectory, 'of' | 'peek'>;
}

/** Pushes about entries of the message log (`seq`) or the change log (`rev`). */
const LOG_PUSHES: ReadonlySet<PushName> = new Set([
  'message:new',
  'message:updated',
  'message:deleted',
  'message:reaction',
]);

/** Pushes about a user's activity that have no entry in a log. */
const ACTIVITY_PUSHES: ReadonlySet<PushName> = new Set(['typing', 'presence', 'message:status']);

/** Part of a push that a receiver gets: all of it, its redacted form, or nothing. */
export type PushVisibility = 'all' | 'redacted' | 'nothing';

/** Attributes of a push that decide which users may receive it. */
interface PushAttributes {
  event: PushName;
  /** User whose action it shows. */
  from: UserId;
  /** Sender of the message concerned, if that is a different user. */
  about?: UserId | undefined;
  /** True when only its author may see it. */
  isSecret: boolean;
  /** True when it shows actions of several users. */
  isMixed?: boolean | undefined;
}

/** Relationship between two users. */
export interface Relationship {
  /** True when they have a direct conversation, with or without messages. */
  hasChat: boolean;
  /** True when one of the two has closed it. */
  isClosed: boolean;
  /** True when both have written to each other, in it or in a small group. */
  isContact: boolean;
}

/**
 * Decides what users may see of each other's activity: pushes, presence and positions. Depends on blocks, on privacy
 * settings and on restrictions. A user who hides something from others does not see it of others either.
 */
export class PrivacyPolicy {
  readonly #deps: PrivacyPolicyDeps;

  constructor(deps: PrivacyPolicyDeps) {
    this.#deps = deps;
  }

  /**
   * Decides which part of a push a connected user receives, from cached data only. Runs on the process that the
   * receiver is connected to: that process knows the receiver's blocks, even if the sending process does not.
   */
  checkPush(receiver: UserId, push: PushAttributes): PushVisibility {
    const { event, from, about, isSecret, isMixed = false } = push;
    // Log entries are numbered. Receivers who may not see one still need its number: `seq` and `rev` must have no gap.
    const isLogPush = LOG_PUSHES.has(event);
    const isOwn = receiver === from && event !== 'message:counts';
    if (isOwn && !isMixed && about === undefined) return 'all';
    const blocks = this.#deps.blocks.peek(receiver);
    // For shadow entries even the number is withheld from receivers who have blocked the author.
    if (isSecret && !isOwn) return isLogPush && blocks?.blocked.has(from) !== true ? 'redacted' : 'nothing';
    // The receiver's blocks are not loaded yet. A dropped log push leaves a gap in `seq` or `rev`; `sync` fills it.
    if (blocks === undefined) return 'nothing';
    if (isLogPush) {
      const isFromBlocked = blocks.blocked.has(from) || (about !== undefined && blocks.blocked.has(about));
      return isFromBlocked || (isMixed && blocks.blocked.size > 0) ? 'redacted' : 'all';
    }
    // Dropped here too, as the sending process may not have known of the restriction.
    if (ACTIVITY_PUSHES.has(event) && this.#deps.users.isRestricted(from)) return 'nothing';
    if (blocks.blocked.has(from)) return 'nothing';
    const privacy = this.#deps.users.knownPrivacy(receiver);
    const isBlocked = blocks.blockedBy.has(from);
    if (event === 'typing') return isBlocked || !privacy.typing ? 'nothing' : 'all';
    if (event === 'presence') return isBlocked || privacy.lastSeen === 'nobody' ? 'nothing' : 'all';
    if (event === 'message:counts') return privacy.readReceipts ? 'all' : 'nothing';
    if (event !== 'message:status') return 'all';
    if (isBlocked) return 'nothing';
    return privacy.readReceipts ? 'all' : 'redacted';
  }

  /** True when other users may see that this user is typing. */
  async showsTyping(userId: UserId): Promise<boolean> {
    await this.#deps.users.views([userId]);
    return this.#deps.users.knownPrivacy(userId).typing && !this.#deps.users.isRestricted(userId);
  }

  /** Returns the part of a user's positions that others may see. Call `users.views` first: it loads the user. */
  shareLevel(userId: UserId): SharedPart {
    if (this.#deps.users.isRestricted(userId)) return 'nothing';
    return this.#deps.users.knownPrivacy(userId).readReceipts ? 'read' : 'delivered';
  }

  /**
   * Returns the part of a position update that others may see, and the members of a small group who may not see it.
   * Channels never name readers, so nothing is hidden there. Large groups may become small again and then name
   * readers.
   */
  async positionSharing(
    userId: UserId,
    { type, isLarge, members }: Pick<Membership, 'type' | 'isLarge' | 'members'>,
  ): Promise<{ share: SharedPart; blockedWith: readonly UserId[] }> {
    if (type === 'channel') return { share: 'read', blockedWith: [] };
    const { users, blocks } = this.#deps;
    const [{ blocked, blockedBy }] = await Promise.all([blocks.of(userId), users.views([userId])]);
    const hasBlocks = blocked.size + blockedBy.size > 0;
    const blockedWith = hasBlocks
      ? [...members.keys()].filter((id) => blocked.has(id) || blockedBy.has(id))
      : [];
    const isSecret = blockedWith.length > 0 && (type === 'direct' || isLarge);
    return isSecret ? { share: 'nothing', blockedWith: [] } : { share: this.shareLevel(userId), blockedWith };
  }

  /** True when watchers may see that this user is online. */
  async showsPresence(userId: UserId): Promise<boolean> {
    await this.#deps.users.views([userId]);
    return (
      !this.#deps.users.isRestricted(userId) && this.#deps.users.knownPrivacy(userId).lastSeen !== 'nobody'
    );
  }

  /** Returns those of the other users whose presence a user may watch. */
  async findWatchable(userId: UserId, others: ReadonlyMap<UserId, Relationship>): Promise<UserId[]> {
    const { users, blocks } = this.#deps;
    const [own] = await Promise.all([blocks.of(userId), users.views([userId, ...others.keys()])]);
    return [...others]
      .filter(
        ([other, relationship]) =>
          !relationship.isClosed &&
          !own.blocked.has(other) &&
          !own.blockedBy.has(other) &&
          !users.isRestricted(other) &&
          this.#allowsPresence(other, relationship) &&
          this.#allowsPresence(userId, relationship),
      )
      .map(([other]) => other);
  }

  /** Returns the positions of all members of these conversations, as one viewer may see them. */
  async redact(
    viewer: UserId,
    conversations: readonly ConversationRecord[],
    positions: ReadonlyMap<ConversationId, Positions>,
  ): Promise<Map<ConversationId, Positions>> {
    const { users, blocks } = this.#deps;
    const memberIds = new Map(
      conversations.map(({ _id, participants }) => [
        _id,
        new Set([...participants, ...(positions.get(_id)?.keys() ?? [])]),
      ]),
    );
    const allIds = [...memberIds.values()].flatMap((ids) => [...ids]);
    const [own] = await Promise.all([blocks.of(viewer), users.views([viewer, ...allIds])]);
    const hidesReads = !users.knownPrivacy(viewer).readReceipts;
    const shareOf = (userId: UserId): SharedPart => {
      if (own.blocked.has(userId) || own.blockedBy.has(userId)) return 'nothing';
      const shares = this.shareLevel(userId);
      return hidesReads && shares === 'read' ? 'delivered' : shares;
    };
    return new Map(
      conversations.map((conversation) => {
        const stored = positions.get(conversation._id);
        const seen = [...(memberIds.get(conversation._id) ?? [])].flatMap(
          (userId): [UserId, PositionOf][] => {
            const position = stored?.get(userId);
            if (userId === viewer) return position === undefined ? [] : [[userId, position]];
            const audience = { viewer, share: shareOf(userId) };
            const shown = shownPosition(conversation, { userId, stored: position }, audience);
            return [[userId, { ...position, ...shown, lastReadN: 0, isShown: true }]];
          },
        );
        return [conversation._id, new Map(seen)];
      }),
    );
  }

  /**
   * Redacts the positions of large groups, where readers are not named. A viewer with read receipts switched off gets
   * only delivery positions of the others, and so no read counts. Positions of other restricted users are 0.
   */
  async redactCounted(
    viewer: UserId,
    conversations: readonly ConversationRecord[],
    positions: ReadonlyMap<ConversationId, Positions>,
  ): Promise<ReadonlyMap<ConversationId, Positions>> {
    const counted = new Map([...positions].map(([id, one]) => [id, this.countable(one, viewer)]));
    if (!(await this.hidesReads(viewer))) return counted;
    return new Map(
      conversations.map((conversation) => {
        const stored: Positions = counted.get(conversation._id) ?? new Map();
        const redactOne = ([userId, position]: [UserId, PositionOf]): [UserId, PositionOf] => {
          if (userId === viewer) return [userId, position];
          const { deliveredSeq } = effectivePosition(conversation, stored, userId);
          const redacted = { lastReadSeq: 0, lastReadN: 0, lastDeliveredSeq: deliveredSeq };
          return [userId, { ...position, ...redacted, isShown: true }];
        };
        return [conversation._id, new Map([...stored].map(redactOne))];
      }),
    );
  }

  /** Returns positions for counts that name no user: positions of restricted users are 0, except the viewer's own. */
  countable(positions: Positions, viewer?: UserId): Positions {
    const isCounted = (userId: UserId): boolean =>
      userId === viewer || !this.#deps.users.isRestricted(userId);
    if ([...positions.keys()].every(isCounted)) return positions;
    const unreached = { lastReadSeq: 0, lastReadN: 0, lastDeliveredSeq: 0, isShown: true } as const;
    return new Map(
      [...positions].map(([userId, one]) => [userId, isCounted(userId) ? one : { ...one, ...unreached }]),
    );
  }

  /** True when a user has switched read receipts off: they neither share nor see read positions. */
  async hidesReads(userId: UserId): Promise<boolean> {
    await this.#deps.users.views([userId]);
    return !this.#deps.users.knownPrivacy(userId).readReceipts;
  }

  /** True when `lastSeen` of a user permits it: `contacts`, or `everyone` for users with a direct conversation. */
  #allowsPresence(userId: UserId, { hasChat, isContact }: Relationship): boolean {
    const { lastSeen } = this.#deps.users.knownPrivacy(userId);
    return isContact ? lastSeen !== 'nobody' : lastSeen === 'everyone' && hasChat;
  }
}

type PositionOf = Positions extends ReadonlyMap<UserId, infer One> ? One : never;
