import type { ConversationId, HeadView, UserId } from '../../../contract/index.js';
import type { Logger } from '../utils/logger.js';
import type { OpenConversations } from './openConversations.js';

export interface Noted {
  conversationId: ConversationId;
  removalSeq: number;
  seq: number;
}

interface NoticeParts {
  openConversations: OpenConversations;
  /** Users with a live connection to this process. */
  usersHere: () => UserId[];
  /** Which of these users are members, as the log has it now, and where the log ends. */
  findMembers: (
    id: ConversationId,
    userIds: readonly UserId[],
  ) => Promise<{ members: UserId[]; removalSeq: number; head: HeadView }>;
  /** To connections of this process. */
  tell: (userIds: readonly UserId[], head: HeadView) => void;
  /** To the other processes, which do the same for theirs. */
  forward: (noted: Noted) => void;
  logger: Logger;
}

/** What happens in a large group or channel is told to those who do not look at it at most this often, in ms. */
const NOTICE_MS = 2_000;

/**
 * Tells the members of large groups and channels who do not have them open that there is something new: the head, and
 * nothing of what was said. The first notice goes at once, what happens meanwhile goes together. It costs what the
 * connections of this process cost, not what the conversation's members do.
 */
export class RestNotices {
  readonly #parts: NoticeParts;
  readonly #resting = new Map<ConversationId, Noted | undefined>();

  constructor(parts: NoticeParts) {
    this.#parts = parts;
  }

  /** Something was stored here. */
  note(noted: Noted): void {
    this.#note(noted, true);
  }

  /** Another process has stored something. */
  hear(noted: Noted): void {
    this.#note(noted, false);
  }

  #note(noted: Noted, isOwn: boolean): void {
    const { conversationId } = noted;
    if (this.#resting.has(conversationId)) {
      const waiting = this.#resting.get(conversationId);
      if ((waiting?.seq ?? 0) < noted.seq) this.#resting.set(conversationId, noted);
      return;
    }
    this.#resting.set(conversationId, undefined);
    setTimeout(() => this.#wake(conversationId), NOTICE_MS).unref();
    if (isOwn) this.#parts.forward(noted);
    void this.#send(noted);
  }

  #wake(conversationId: ConversationId): void {
    const waiting = this.#resting.get(conversationId);
    this.#resting.delete(conversationId);
    if (waiting !== undefined) this.note(waiting);
  }

  async #send({ conversationId }: Noted): Promise<void> {
    const { openConversations, usersHere, findMembers, tell, logger } = this.#parts;
    try {
      const viewers = new Set(openConversations.viewers(conversationId));
      const { members, removalSeq, head } = await findMembers(conversationId, usersHere());
      const behind = openConversations.isBehind({ conversationId, removalSeq });
      openConversations.move({ conversationId, removalSeq }, new Set(members));
      // Who was moved has missed what was said meanwhile.
      tell(behind ? members : members.filter((userId) => !viewers.has(userId)), head);
    } catch (error) {
      // Live delivery is a hint: they learn by their next sync.
      logger.debug({ err: error }, 'a notice could not be sent');
    }
  }
}
