import { z } from 'zod';
import { cursor, isoTime } from './primitives.js';

/** One act, or one attempt. Ids only, never text. */
export const auditEntryView = z.object({
  _id: z.string(),
  at: isoTime,
  /** `key`: an API key. `moderator`: a user with that role. `operator`: somebody at the server's command line. */
  actor: z.object({
    kind: z.enum(['key', 'moderator', 'operator']),
    /** Id of the key or the user; name of the operator's account. */
    id: z.string(),
    /** Name of the key. */
    name: z.string().optional(),
  }),
  /** Name of the endpoint, the command, or the script with its action. */
  action: z.string(),
  /** Remote address, or the host name of the machine. */
  from: z.string().optional(),
  targets: z.object({
    userIds: z.array(z.string()).optional(),
    conversationId: z.string().optional(),
    seq: z.int().optional(),
    reportId: z.string().optional(),
    keyId: z.string().optional(),
    webhookId: z.string().optional(),
  }),
  /** `OK`, or the code of the failure. Missing when the server died during the act: it may have happened or not. */
  outcome: z.string().optional(),
});
export type AuditEntryView = z.infer<typeof auditEntryView>;

export const auditAnswer = z.object({ entries: z.array(auditEntryView), nextCursor: cursor.optional() });
