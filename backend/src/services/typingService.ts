import { LIMITS, type ConversationId, type UserId } from '../../../contract/index.js';
import type { Access } from './access.js';
import type { Publisher } from './ports.js';

/** Tells the other members that somebody is typing. Nothing is stored; a notice that is lost fades by itself. */
export class TypingService {
  constructor(
    readonly access: Access,
    readonly publisher: Publisher,
  ) {}

  /** @throws AppError `NOT_PARTICIPANT`. */
  async notify(
    caller: UserId,
    input: { conversationId: ConversationId; typing: boolean },
  ): Promise<{ expiresInMs: number }> {
    const participants = await this.access.requireMember(caller, input.conversationId);
    const expiresInMs = LIMITS.typingExpiresInMs;
    this.publisher.toUsers(
      participants.filter((userId) => userId !== caller),
      { event: 'typing', data: { ...input, userId: caller, expiresInMs } },
    );
    return { expiresInMs };
  }
}
