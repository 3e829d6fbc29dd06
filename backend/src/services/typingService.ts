import { LIMITS, type ConversationId, type UserId } from '../../../contract/index.js';
import type { Access } from './access.js';
import { othersIn } from './membership/membership.js';
import { blocked } from './membership/rules.js';
import type { Publisher } from './ports.js';
import type { Discretion } from './safety/discretion.js';

/** Tells the other members that somebody is typing. Nothing is stored; a notice that is lost fades by itself. */
export class TypingService {
  constructor(
    readonly access: Access,
    readonly publisher: Publisher,
    readonly discretion: Discretion,
  ) {}

  /** @throws AppError `NOT_PARTICIPANT`, `BLOCKED`. */
  async notify(
    caller: UserId,
    input: { conversationId: ConversationId; typing: boolean },
  ): Promise<{ expiresInMs: number }> {
    const { membership } = await this.access.requireRecentMember(caller, input.conversationId);
    if (membership.blockedBy.size > 0) throw blocked();
    const expiresInMs = LIMITS.typingExpiresInMs;
    const push = { event: 'typing' as const, data: { ...input, userId: caller, expiresInMs } };
    if (!(await this.discretion.showsTyping(caller))) return { expiresInMs };
    if (membership.isApart) this.publisher.toOpen(membership, push, { from: caller });
    else this.publisher.toUsers(othersIn(membership, caller), push, { from: caller });
    return { expiresInMs };
  }
}
