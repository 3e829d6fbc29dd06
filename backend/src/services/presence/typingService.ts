import { LIMITS, type ConversationId, type UserId } from '../../../../contract/index.js';
import { type Access, othersIn, blocked } from '../membership/index.js';
import type { Publisher } from '../ports.js';
import type { PrivacyPolicy } from '../visibility/index.js';
import { createLru } from '../../utils/lru.js';

/** Connections whose last notice is remembered. The oldest are forgotten first: their notices expire by themselves. */
const MAX_TYPING = 50_000;

interface TypingNotice {
  conversationId: ConversationId;
  typing: boolean;
}

/** Notifies other members that a user is typing. Nothing is stored; a notice expires when no other one follows. */
export class TypingService {
  /** Notices that clients still show, by the connection that sent them. A notice ends with its connection. */
  readonly #shown = createLru<string, { userId: UserId; conversationId: ConversationId }>(MAX_TYPING, {
    ttl: LIMITS.typingExpiresInMs,
  });

  constructor(
    readonly access: Access,
    readonly publisher: Publisher,
    readonly privacyPolicy: PrivacyPolicy,
  ) {}

  /** @throws AppError `NOT_PARTICIPANT`, `BLOCKED`. */
  async notify(caller: UserId, input: TypingNotice, socketId?: string): Promise<{ expiresInMs: number }> {
    const { membership } = await this.access.requireRecentMember(caller, input.conversationId);
    if (membership.blockedBy.size > 0) throw blocked();
    const expiresInMs = LIMITS.typingExpiresInMs;
    const push = { event: 'typing' as const, data: { ...input, userId: caller, expiresInMs } };
    if (!(await this.privacyPolicy.showsTyping(caller))) return { expiresInMs };
    if (socketId !== undefined) this.#remember(socketId, caller, input);
    if (membership.isLarge) this.publisher.toOpen(membership, push, { from: caller });
    else this.publisher.toUsers(othersIn(membership, caller), push, { from: caller });
    return { expiresInMs };
  }

  /** Ends the notice of a connection that has ended. @throws AppError as `notify`. */
  async disconnected(socketId: string): Promise<void> {
    const shown = this.#shown.get(socketId);
    if (shown === undefined) return;
    this.#shown.delete(socketId);
    await this.notify(shown.userId, { conversationId: shown.conversationId, typing: false });
  }

  #remember(socketId: string, userId: UserId, { conversationId, typing }: TypingNotice): void {
    if (typing) this.#shown.set(socketId, { userId, conversationId });
    else if (this.#shown.get(socketId)?.conversationId === conversationId) this.#shown.delete(socketId);
  }
}
