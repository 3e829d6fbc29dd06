import { z } from 'zod';
import type { ConversationId, SendInput, UserId } from '../../../../contract/index.js';

/** A text that is about to be stored. */
export interface ReviewRequest {
  /** Equal for every question about one text of one user. */
  id: string;
  conversationId: ConversationId;
  senderId: UserId;
  content: string;
  /** Set for an edit: the message that gets this text. */
  seq?: number;
  message?: Pick<SendInput, 'attachments' | 'location' | 'card' | 'replyTo'>;
}

/** Characters of a reason that are kept. */
const MAX_REASON_CHARS = 200;
const reason = z.string().trim().max(MAX_REASON_CHARS).optional();

/** Answers of a moderation hook. `replace` stores another text in place of the sender's. */
export const verdict = z.discriminatedUnion('action', [
  z.object({ action: z.literal('allow') }),
  z.object({ action: z.literal('reject'), reason }),
  z.object({ action: z.literal('replace'), content: z.string() }),
  z.object({ action: z.literal('flag'), reason }),
]);
export type Verdict = z.infer<typeof verdict>;

/** Port of the app's moderation. `outgoing/moderationHook.ts` asks it over HTTP (`MODERATION_URL`). */
export interface ModerationHook {
  /** @throws Error when it does not answer in time, answers something else, or is not asked because it has failed lately. */
  ask(request: ReviewRequest): Promise<Verdict>;
}
