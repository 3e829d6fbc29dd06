import { z } from 'zod';
import { LIMITS } from './limits.js';
import { attachmentId, isoTime, pictureUrl, storedUserId as userId } from './primitives.js';
import { cleanString, visibleText } from './text.js';

/** Contents of messages other than text. Files are transferred between clients and object storage, not through this server. */

export const ATTACHMENT_KINDS = ['image', 'voice', 'file'] as const;
export const attachmentKind = z.enum(ATTACHMENT_KINDS);
export type AttachmentKind = z.infer<typeof attachmentKind>;

const label = visibleText(LIMITS.maxTitleChars);
/** Number rounded to an integer: phones report sizes and durations as fractions. */
const rounded = (min: number, max: number) => z.number().overwrite(Math.round).min(min).max(max);

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
/** Media type by RFC 9110: type, subtype, and parameters whose values are tokens or quoted strings. */
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\\\u0000-\\u001F\\u007F]|\\\\[\\u0020-\\u007E])*"))*$`,
);

export const mediaType = cleanString(LIMITS.maxMediaTypeChars).regex(MEDIA_TYPE, 'must be a media type');

/** Loudness of a voice note over time: `LIMITS.waveformValues` values at most, 0 (silent) to 100, oldest first. */
export const waveform = z.array(z.int().min(0).max(100)).min(1).max(LIMITS.waveformValues);

/** A file that is stored elsewhere. Accepted where the server allows it (`EXTERNAL_ATTACHMENTS`). */
export const attachment = z.strictObject({
  kind: attachmentKind,
  url: pictureUrl,
  name: label.optional(),
  mimeType: mediaType.optional(),
  sizeBytes: rounded(0, LIMITS.maxAttachmentBytes).optional(),
  width: rounded(1, 100_000).optional(),
  height: rounded(1, 100_000).optional(),
  durationMs: rounded(0, 86_400_000).optional(),
  thumbnailUrl: pictureUrl.optional(),
});
export type ExternalAttachment = z.infer<typeof attachment>;

/** A file that was uploaded with `createAttachment`. Everything else about it is known to the server. */
export const attachmentReference = z.strictObject({ attachmentId });

/** An attachment of a message to send. */
export const sentAttachment = z.union([attachmentReference, attachment]);
export type SentAttachment = z.infer<typeof sentAttachment>;

export const location = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  title: label.optional(),
});

/** A product or an order. The price is for display: a decimal and an ISO 4217 currency code. */
export const card = z.strictObject({
  kind: z.enum(['product', 'order']),
  id: label.optional(),
  title: label,
  pictureUrl: pictureUrl.optional(),
  price: z
    .strictObject({
      amount: z.string().regex(/^\d{1,12}(\.\d{1,4})?$/, 'must be a decimal'),
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code'),
    })
    .optional(),
});

/**
 * Schemas of message contents in responses. Less strict than the input schemas: contents stored before a rule
 * existed are still returned.
 */
const text = z.string();
export const attachmentView = z.object({
  /** Absent for a file that is stored elsewhere. */
  attachmentId: attachmentId.optional(),
  kind: attachment.shape.kind,
  /**
   * Where the file is. For uploaded files it is signed and expires (`urlExpiresAt`); resolve it against the address of
   * the server, because the embedded store answers with paths. A new one: read the message again, or `getAttachment`.
   */
  url: text,
  name: text.optional(),
  mimeType: text.optional(),
  sizeBytes: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  durationMs: z.number().optional(),
  thumbnailUrl: text.optional(),
  /** ThumbHash of an image as base64: about 25 bytes that show a blurred preview before anything is loaded. */
  thumbhash: text.optional(),
  waveform: z.array(z.number()).optional(),
  /** `client` when `durationMs` and `waveform` are the sender's word, because the file does not tell. */
  soundFrom: z.enum(['file', 'client']).optional(),
  /** True when the file may name a place or a device: it is of a type whose metadata the server cannot remove. */
  mayHoldMetadata: z.boolean().optional(),
  urlExpiresAt: isoTime.optional(),
});
export type Attachment = z.infer<typeof attachmentView>;

export const locationView = location.extend({ title: text.optional() });
export type Location = z.infer<typeof locationView>;

export const cardView = card.extend({
  id: text.optional(),
  title: text,
  pictureUrl: text.optional(),
});
export type Card = z.infer<typeof cardView>;

export const MESSAGE_KINDS = ['text', 'system', 'image', 'voice', 'file', 'location', 'card'] as const;
export const messageKind = z.enum(MESSAGE_KINDS);
export type MessageKind = z.infer<typeof messageKind>;

export const ROLES = ['owner', 'admin', 'member'] as const;
export const role = z.enum(ROLES);
export type Role = z.infer<typeof role>;

/** Whether new members see messages from before they joined: `all` or only from when they `joined`. */
export const historyMode = z.enum(['all', 'joined']);
export type HistoryMode = z.infer<typeof historyMode>;

/**
 * Action of a membership event: a change of members, roles, name or rules. Membership events are messages of kind
 * `system` with a `seq` of their own, so that all members agree on their order relative to messages.
 */
export const action = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('created'),
    members: z.array(z.object({ userId, role })),
    name: z.string().exactOptional(),
    avatar: z.string().exactOptional(),
    history: historyMode,
    open: z.boolean(),
  }),
  z.object({ type: z.literal('added'), userIds: z.array(userId) }),
  z.object({ type: z.literal('joined') }),
  z.object({ type: z.literal('left'), successor: userId.exactOptional() }),
  z.object({ type: z.literal('removed'), userIds: z.array(userId) }),
  z.object({ type: z.literal('role'), userId, role }),
  z.object({ type: z.literal('renamed'), name: z.string() }),
  z.object({ type: z.literal('avatar'), avatar: z.string().exactOptional() }),
  z.object({
    type: z.literal('settings'),
    history: historyMode.exactOptional(),
    open: z.boolean().exactOptional(),
  }),
  z.object({ type: z.literal('blocked') }),
  z.object({ type: z.literal('unblocked') }),
  z.object({ type: z.literal('unmatched') }),
  z.object({ type: z.literal('reopened') }),
  z.object({ type: z.literal('sealed'), into: z.string() }),
]);
export type Action = z.infer<typeof action>;
export type ActionType = Action['type'];
