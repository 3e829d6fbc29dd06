import type { ConversationId, HeadView, PushData, UserId } from '../../../../contract/index.js';
import type { Logger } from '../../utils/logger.js';
import type { WatchedConversations } from './watchedConversations.js';

export interface HeadNotice {
  conversationId: ConversationId;
  /** The `seq` of the last membership event that removed a member. */
  removalSeq: number;
  seq: number;
}

interface WaitingNotice {
  notice: HeadNotice;
  /** True when it stands for something that was stored here. The other processes know the rest. */
  isOwn: boolean;
}

interface CoalescedHeadsDeps {
  watchedConversations: WatchedConversations;
  /** Users with a live connection to this process. */
  connectedUsers: () => UserId[];
  /** Which of these users are members, as the log has it now, and where the log ends. */
  findMembers: (
    id: ConversationId,
    userIds: readonly UserId[],
  ) => Promise<{ members: UserId[]; removalSeq: number; head: HeadView }>;
  /** To connections of this process, except some. */
  notify: (
    userIds: readonly UserId[],
    update: PushData<'conversation:updated'>,
    exceptSocketIds: ReadonlySet<string>,
  ) => void;
  /** To the other processes, which do the same for theirs. */
  forward: (notice: HeadNotice) => void;
  logger: Logger;
}

/** Minimum interval between two heads of a conversation to members who do not watch it, in ms. */
const NOTICE_INTERVAL_MS = 2_000;

/**
 * Notifies connections of members of large groups and channels that do not watch them of new heads, without content. The
 * first notice is sent immediately; later ones within `NOTICE_INTERVAL_MS` are combined into one. The cost depends on the
 * number of local connections, not on the number of members.
 */
export class CoalescedHeads {
  readonly #deps: CoalescedHeadsDeps;
  readonly #pending = new Map<ConversationId, WaitingNotice | undefined>();

  constructor(deps: CoalescedHeadsDeps) {
    this.#deps = deps;
  }

  /** Something was stored here. */
  onStoredHere(notice: HeadNotice): void {
    this.#add(notice, true);
  }

  /** Another process has stored something. */
  onStoredElsewhere(notice: HeadNotice): void {
    this.#add(notice, false);
  }

  #add(notice: HeadNotice, isOwn: boolean): void {
    const { conversationId } = notice;
    if (this.#pending.has(conversationId)) {
      const waiting = this.#pending.get(conversationId);
      const isNewer = waiting === undefined || waiting.notice.seq < notice.seq;
      this.#pending.set(conversationId, {
        notice: isNewer ? notice : waiting.notice,
        isOwn: isOwn || waiting?.isOwn === true,
      });
      return;
    }
    this.#pending.set(conversationId, undefined);
    setTimeout(() => this.#flush(conversationId), NOTICE_INTERVAL_MS).unref();
    if (isOwn) this.#deps.forward(notice);
    void this.#send(notice);
  }

  #flush(conversationId: ConversationId): void {
    const waiting = this.#pending.get(conversationId);
    this.#pending.delete(conversationId);
    if (waiting !== undefined) this.#add(waiting.notice, waiting.isOwn);
  }

  async #send({ conversationId }: HeadNotice): Promise<void> {
    const { watchedConversations, connectedUsers, findMembers, notify, logger } = this.#deps;
    try {
      const watching = watchedConversations.socketIds(conversationId);
      const { members, removalSeq, head } = await findMembers(conversationId, connectedUsers());
      const behind = watchedConversations.isBehind({ conversationId, removalSeq });
      watchedConversations.move({ conversationId, removalSeq }, new Set(members));
      // Sockets that were moved to the new room have missed the messages in between, and who has left.
      if (behind) notify(members, { head, stale: true }, new Set());
      else notify(members, { head }, watching);
    } catch (error) {
      // Live delivery is best effort; clients reconcile with `sync`.
      logger.debug({ err: error }, 'a head notice could not be sent');
    }
  }
}
