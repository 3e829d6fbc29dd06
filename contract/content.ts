import { z } from 'zod';
import { LIMITS } from './limits.js';
import { pictureUrl, userId } from './primitives.js';

/** What a message may carry besides text. Files themselves travel between client and object storage. */

const cleanLabel = z.string().trim().min(1).max(LIMITS.maxTitleChars).refine(isClean, 'must be clean text');

function isClean(value: string): boolean {
  return value.isWellFormed() && !value.includes('\u0000');
}

export const attachment = z.strictObject({
  kind: z.enum(['image', 'voice', 'file']),
  url: pictureUrl,
  name: cleanLabel.optional(),
  mimeType: z
    .string()
    .max(100)
    .regex(/^[\w.+-]+\/[\w.+-]+$/, 'must be a media type')
    .optional(),
  sizeBytes: z.int().min(0).max(LIMITS.maxAttachmentBytes).optional(),
  width: z.int().min(1).max(100_000).optional(),
  height: z.int().min(1).max(100_000).optional(),
  durationMs: z.int().min(0).max(86_400_000).optional(),
  thumbnailUrl: pictureUrl.optional(),
});
export type Attachment = z.infer<typeof attachment>;

export const location = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  title: cleanLabel.optional(),
});
export type Location = z.infer<typeof location>;

/** A product or an order. The price is what the app shows: a decimal and a currency code. */
export const card = z.strictObject({
  kind: z.enum(['product', 'order']),
  id: cleanLabel.optional(),
  title: cleanLabel,
  pictureUrl: pictureUrl.optional(),
  price: z
    .strictObject({
      amount: z.string().regex(/^\d{1,12}(\.\d{1,4})?$/, 'must be a decimal'),
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code'),
    })
    .optional(),
});
export type Card = z.infer<typeof card>;

export const MESSAGE_KINDS = ['text', 'system', 'image', 'voice', 'file', 'location', 'card'] as const;
export const messageKind = z.enum(MESSAGE_KINDS);
export type MessageKind = z.infer<typeof messageKind>;

export const ROLES = ['owner', 'admin', 'member'] as const;
export const role = z.enum(ROLES);
export type Role = z.infer<typeof role>;

/** Whether new members see what was said before they joined. */
export const historyMode = z.enum(['all', 'joined']);
export type HistoryMode = z.infer<typeof historyMode>;

/**
 * What a control entry did to its conversation: who is in it, who may do what, what it is called. Control entries are
 * messages of kind `system` with a place in the log like any other, so everybody agrees what came before and after.
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
