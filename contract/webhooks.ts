import { z } from 'zod';
import { reportView } from './commands/safety.js';
import { LIMITS } from './limits.js';
import { conversationId, isoTime, messageId, seq, seqOrZero, storedUserId } from './primitives.js';
import { webUrl } from './urls.js';
import { messageView } from './views.js';
import { serverConversationView } from './server/outputs.js';

/** Events that a webhook can be registered for. */
export const WEBHOOK_EVENTS = [
  'message.created',
  'message.updated',
  'message.deleted',
  'message.flagged',
  'conversation.created',
  'conversation.closed',
  'member.joined',
  'member.left',
  'member.removed',
  'user.blocked',
  'user.reported',
] as const;
export const webhookEvent = z.enum(WEBHOOK_EVENTS);
export type WebhookEventName = z.infer<typeof webhookEvent>;

/** Entry of a conversation's log that changed its members, and the users concerned. */
const membership = z.object({
  conversationId,
  seq,
  userIds: z.array(storedUserId),
  /** The user who did it; equal to the only user of `userIds` who joined or left. */
  by: storedUserId,
});

/** `data` of each event. Views are those of the server-side API, as of the attempt: never older than the event. */
export const WEBHOOK_DATA = {
  'message.created': z.object({ message: messageView }),
  'message.updated': z.object({ message: messageView, rev: seqOrZero, by: storedUserId }),
  'message.deleted': z.object({ conversationId, seq, messageId, rev: seqOrZero, by: storedUserId }),
  'message.flagged': z.object({ message: messageView, reason: z.string().optional() }),
  'conversation.created': z.object({ conversation: serverConversationView }),
  'conversation.closed': z.object({ conversationId, seq, by: storedUserId }),
  'member.joined': membership,
  'member.left': membership,
  'member.removed': membership,
  'user.blocked': z.object({ userId: storedUserId, blockedUserId: storedUserId }),
  'user.reported': z.object({
    report: reportView.pick({
      _id: true,
      reporterId: true,
      userId: true,
      conversationId: true,
      seq: true,
      reason: true,
      comment: true,
      createdAt: true,
    }),
  }),
} as const satisfies Record<WebhookEventName, z.ZodType>;

/** Type of the delivery that `webhooks test` sends. Its `data` names the webhook. */
export const WEBHOOK_TEST = 'webhook.test';

export interface WebhookBody {
  type: WebhookEventName | typeof WEBHOOK_TEST;
  /** Time of the event, not of the attempt. */
  timestamp: string;
  data: object;
}

export const webhookId = z.string().regex(/^[0-9a-f]{12}$/, 'must be the id of a webhook');
/** A schema of its own: it is not the picture or file of a message, and another guard decides about it. */
const webhookUrl = webUrl.describe('https URL of the receiver');
const webhookEvents = z
  .array(webhookEvent)
  .min(1)
  .max(WEBHOOK_EVENTS.length)
  .refine((events) => new Set(events).size === events.length, 'must name each event once');

export const addWebhookInput = z.strictObject({ url: webhookUrl, events: webhookEvents });
export const changeWebhookInput = z.strictObject({
  events: webhookEvents.optional(),
  enabled: z.boolean().optional(),
});
export const rotateWebhookInput = z.strictObject({
  /** Time for which the old secret signs as well. */
  overlapHours: z.int().min(0).max(LIMITS.maxWebhookOverlapHours).optional(),
});
export const replayWebhookInput = z.strictObject({ from: isoTime });

/** A webhook without its secrets. */
export const webhookView = z.object({
  _id: webhookId,
  url: z.string(),
  events: z.array(webhookEvent),
  /** `gone`: answered 410. `failing`: an event could not be delivered for `WEBHOOK_GIVE_UP_MS`. `operator`: switched off. */
  status: z.enum(['on', 'operator', 'gone', 'failing']),
  createdAt: isoTime,
  /** Events before this time are delivered, or belong to one of the failing conversations. */
  deliveredThrough: isoTime,
  /** Conversations (and users, for blocks) whose deliveries are being retried. */
  failingCount: z.int(),
  /** Time since which the oldest of them fails. */
  failingSince: isoTime.optional(),
  lastSuccessAt: isoTime.optional(),
  lastError: z.string().optional(),
  lastErrorAt: isoTime.optional(),
});
export type WebhookView = z.infer<typeof webhookView>;
