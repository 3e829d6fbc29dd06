import { z } from 'zod';
import { LIMITS } from './limits.js';
import { pictureUrl, storedUserId as userId } from './primitives.js';
import { cleanString, visibleText } from './text.js';

/** Contents of messages other than text. Files are transferred between clients and object storage, not through this server. */

const label = visibleText(LIMITS.maxTitleChars);
/** Number rounded to an integer: phones report sizes and durations as fractions. */
const rounded = (min: number, max: number) => z.number().overwrite(Math.round).min(min).max(max);

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
/** Media type by RFC 9110: type, subtype, and parameters whose values are tokens or quoted strings. */
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\\\u0000-\\u001F\\u007F]|\\\\[\\u0020-\\u007E])*"))*$`,
);

export const attachment = z.strictObject({
  kind: z.enum(['image', 'voice', 'file']),
  url: pictureUrl,
  name: label.optional(),
  mimeType: cleanString(LIMITS.maxMediaTypeChars).regex(MEDIA_TYPE, 'must be a media type').optional(),
  sizeBytes: rounded(0, LIMITS.maxAttachmentBytes).optional(),
  width: rounded(1, 100_000).optional(),
  height: rounded(1, 100_000).optional(),
  durationMs: rounded(0, 86_400_000).optional(),
  thumbnailUrl: pictureUrl.optional(),
});

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
  kind: attachment.shape.kind,
  url: text,
  name: text.optional(),
  mimeType: text.optional(),
  sizeBytes: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  durationMs: z.number().optional(),
  thumbnailUrl: text.optional(),
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
