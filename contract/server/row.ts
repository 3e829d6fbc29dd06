import { z } from 'zod';
import type { BucketName } from '../buckets.js';
import type { ErrorCode } from '../errors.js';
import { COMMANDS } from '../events.js';
import { LIMITS } from '../limits.js';
import { numeric } from '../numeric.js';
import { webhookId } from '../webhooks.js';
import { conversationId, cursor, seq, storedUserId, userId } from '../primitives.js';

/** Parts of the server-side API that an API key can be given. */
export const SCOPES = ['users', 'conversations', 'messages', 'moderation', 'webhooks'] as const;
export const scope = z.enum(SCOPES);
export type Scope = z.infer<typeof scope>;

interface ServerEndpointRow<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  D extends z.ZodType,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: `/api/server/v1/${string}`;
  scope: Scope;
  /** Answered on success; 200 instead when what would have been created existed before. */
  status: number;
  params: P;
  query: Q;
  body: B;
  answer: D;
  codes: readonly ErrorCode[];
  bucket: BucketName;
  /**
   * Why a repeat does no harm, also without an `Idempotency-Key`. Undefined for reading calls, and for those whose answer is
   * not stored: they ignore the header.
   */
  repeatSafe?: string | undefined;
  /** True for calls that the audit log records. Default: all but `get`. */
  isAudited: boolean;
  summary: string;
}

export const endpoint = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType>(
  row: Omit<ServerEndpointRow<P, Q, B, D>, 'status' | 'isAudited'> & { status?: number },
): ServerEndpointRow<P, Q, B, D> => ({ status: 200, isAudited: row.method !== 'get', ...row });

export const none = z.strictObject({});
export const noBody = none.optional();
export const ofUser = z.strictObject({ userId });
export const ofStoredUser = z.strictObject({ userId: storedUserId });
export const ofConversation = z.strictObject({ conversationId });
export const ofMessage = z.strictObject({ conversationId, seq: numeric(seq) });
export const ofMember = z.strictObject({ conversationId, userId });
export const ofWebhook = z.strictObject({ webhookId });
export const ofReport = z.strictObject({ reportId: COMMANDS.resolveReport.payload.shape.reportId });

export const memberQuery = z.strictObject({
  limit: numeric(z.int().min(1).max(LIMITS.memberPageMax)).optional(),
  cursor: cursor.optional(),
});

const ROOT = '/api/server/v1';
export const USERS = `${ROOT}/users` as const;
export const CONVERSATIONS = `${ROOT}/conversations` as const;
export const CONVERSATION = `${CONVERSATIONS}/:conversationId` as const;
export const MESSAGE = `${CONVERSATION}/messages/:seq` as const;
export const REPORTS = `${ROOT}/reports` as const;
export const WEBHOOKS = `${ROOT}/webhooks` as const;
export const WEBHOOK = `${WEBHOOKS}/:webhookId` as const;
export const AUDIT = `${ROOT}/audit` as const;
