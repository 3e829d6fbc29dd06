import { z } from 'zod';
import { toEmoji } from './emoji.js';
import { LIMITS } from './limits.js';
import { cleanString, hasControls, isBlank, optionalText, visibleText } from './text.js';
import { utcTime } from './times.js';
import { webUrl } from './urls.js';

/** User id as stored and sent to clients: a user, or `SYSTEM_USER_ID`. */
export const storedUserId = cleanString(LIMITS.maxUserIdChars).min(1).brand<'UserId'>();
export type UserId = z.infer<typeof storedUserId>;

/**
 * Sender of system messages and author of changes made by the app's backend. Reserved: no token and no payload may name it,
 * so a stored entry with this sender was written by the backend.
 */
export const SYSTEM_USER_ID = storedUserId.parse('parley:system');

/** User id: the subject of the token. Any string that the app chooses, also with `_`, `%` or emojis. */
export const userId = storedUserId.refine((id) => id !== SYSTEM_USER_ID, 'is reserved');

/** Id created by the server: an ObjectId as 24 lower-case hex digits. */
const hexId = z.string().regex(/^[0-9a-f]{24}$/, 'must be 24 lower-case hex digits');
export const conversationId = hexId.brand<'ConversationId'>();
export type ConversationId = z.infer<typeof conversationId>;
export const messageId = hexId.brand<'MessageId'>();
export type MessageId = z.infer<typeof messageId>;
export const attachmentId = hexId.brand<'AttachmentId'>();
export type AttachmentId = z.infer<typeof attachmentId>;

/**
 * Idempotency key of a message. The client creates it once and repeats it on every retry: a UUID, or any name of these
 * characters. Ids with a colon (`sys:…`, `import:…`) are reserved for the server.
 */
export const clientMessageId = z
  .string()
  .max(LIMITS.maxClientMessageIdChars)
  .regex(/^[A-Za-z0-9_.-]+$/, 'must be a UUID, or letters, digits and _ . - only');

/** Idempotency key of `createGroup`: a repeated one returns the group that was created first. */
export const clientConversationId = clientMessageId;

/** Idempotency key of `createAttachment`: a repeated one returns the upload that was begun first. */
export const clientAttachmentId = clientMessageId;

/** Text of a message, or caption of an attachment, location or card, which may be empty. */
export const captionText = optionalText(LIMITS.maxTextChars);
/** Reaction as older versions accepted it: any short text. Emojis are brought to their canonical form. */
export const reactionSign = cleanString(LIMITS.maxEmojiChars)
  .min(1)
  .refine((text) => !/\s/.test(text) && !hasControls(text), 'must be an emoji')
  .overwrite((text) => toEmoji(text) ?? text);
export const comment = visibleText(LIMITS.maxCommentChars);
export const displayName = visibleText(LIMITS.maxNameChars);
export const pictureUrl = webUrl;
export const token = z.string().min(1).max(LIMITS.maxTokenChars);
export const cursor = z.string().min(1).max(LIMITS.maxCursorChars);

/** Sequence number of an entry in a conversation's log: 1, 2, 3 … `lastSeq`. */
export const seq = z.int().min(1);
/** Sequence number, or 0 for the position before the first entry. */
export const seqOrZero = z.int().min(0);
export const isoTime = z.iso.datetime();
/** Time given by a client, with any ISO 8601 offset. Converted to UTC. */
export const timeInput = utcTime;

export const occasionKinds = ['general', 'product', 'seller', 'order'] as const;

/** Occasion on which two users started to talk. Stored with their conversation; it never creates a second one. */
export const occasionInput = z.strictObject({
  kind: z.enum(occasionKinds),
  id: cleanString(LIMITS.maxOccasionIdChars)
    .refine((id) => !isBlank(id), 'must not be empty')
    .optional(),
  title: visibleText(LIMITS.maxTitleChars).optional(),
});
export type OccasionInput = z.infer<typeof occasionInput>;
