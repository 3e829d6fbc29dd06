import { z } from 'zod';
import { LIMITS } from './limits.js';

/** NUL cannot be stored everywhere, and a lone surrogate is not text: both are refused at the door. */
const isCleanText = (value: string): boolean => value.isWellFormed() && !value.includes('\u0000');

const cleanString = (maxChars: number) =>
  z.string().max(maxChars).refine(isCleanText, 'must be well-formed Unicode without NUL');

/** A user's id: the subject of the token, any string the app chooses (also with `_`, `%` or emoji). */
export const userId = cleanString(LIMITS.maxUserIdChars).min(1).brand<'UserId'>();
export type UserId = z.infer<typeof userId>;

/** Ids that the server makes: ObjectIds as 24 lower-case hex digits. */
const hexId = z.string().regex(/^[0-9a-f]{24}$/, 'must be 24 lower-case hex digits');
export const conversationId = hexId.brand<'ConversationId'>();
export type ConversationId = z.infer<typeof conversationId>;
export const messageId = hexId.brand<'MessageId'>();
export type MessageId = z.infer<typeof messageId>;

/**
 * What a client makes per message, once, and repeats on every retry: a UUID, or any name of these characters.
 * A colon is not among them: ids with one (`sys:…`, `import:…`) belong to the server.
 */
export const clientMessageId = z
  .string()
  .max(LIMITS.maxClientMessageIdChars)
  .regex(/^[A-Za-z0-9_.-]+$/, 'must be a UUID, or letters, digits and _ . - only');

/** What a client makes once per group that it creates: the same again returns the first. */
export const clientConversationId = clientMessageId;

export const messageText = cleanString(LIMITS.maxTextChars).trim().min(1);
/** Text beside an attachment, a place or a card: may be empty. */
export const captionText = cleanString(LIMITS.maxTextChars).trim();
/** One emoji, or whatever short sign an app uses as one: no spaces, no control characters. */
export const emoji = cleanString(LIMITS.maxEmojiChars)
  .min(1)
  .regex(/^[^\s\p{Cc}]+$/u, 'must be an emoji');
export const comment = cleanString(LIMITS.maxCommentChars).trim().min(1);
export const displayName = cleanString(LIMITS.maxNameChars).trim().min(1);
export const pictureUrl = z.url({ protocol: /^https?$/ }).max(LIMITS.maxUrlChars);
export const token = z.string().min(1).max(LIMITS.maxTokenChars);
export const cursor = z.string().min(1).max(LIMITS.maxCursorChars);

/** A place in a conversation: 1, 2, 3 … `lastSeq`. */
export const seq = z.int().min(1);
/** A place, or 0 for "before the first". */
export const seqOrZero = z.int().min(0);
export const isoTime = z.iso.datetime();

export const occasionKinds = ['general', 'product', 'seller', 'order'] as const;

/** Why two people came to talk: kept with their one conversation, never a reason for a second one. */
export const occasionInput = z.strictObject({
  kind: z.enum(occasionKinds),
  id: cleanString(LIMITS.maxOccasionIdChars).min(1).optional(),
  title: cleanString(LIMITS.maxTitleChars).trim().min(1).optional(),
});
export type OccasionInput = z.infer<typeof occasionInput>;
