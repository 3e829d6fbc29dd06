import { z } from 'zod';
import type { AuditEntryView } from '../../../contract/index.js';

type Targets = AuditEntryView['targets'];

const id = z.string();
/** Fields that name the targets of a call. Every other field is left out: it may be a text. */
const named = z.object({
  userId: id.optional(),
  ownerId: id.optional(),
  senderId: id.optional(),
  userIds: z.array(id).optional(),
  participants: z.array(id).optional(),
  users: z.array(z.object({ userId: id })).optional(),
  conversationId: id.optional(),
  seq: z.int().optional(),
  reportId: id.optional(),
  webhookId: id.optional(),
});

/** Returns the ids that a parsed call names, for the audit log. */
export function targetsOf({ params, body }: { params: unknown; body: unknown }): Targets {
  const {
    userId,
    ownerId,
    senderId,
    userIds,
    participants,
    users,
    conversationId,
    seq,
    reportId,
    webhookId,
  } = named.parse({ ...named.parse(params), ...named.parse(body ?? {}) });
  const all = [userId, ownerId, senderId].filter((one) => one !== undefined);
  const listed = [...(userIds ?? []), ...(participants ?? []), ...(users ?? []).map((user) => user.userId)];
  const targeted = [...new Set([...all, ...listed])];
  return {
    ...(targeted.length > 0 && { userIds: targeted }),
    ...(conversationId !== undefined && { conversationId }),
    ...(seq !== undefined && { seq }),
    ...(reportId !== undefined && { reportId }),
    ...(webhookId !== undefined && { webhookId }),
  };
}

const created = z.object({
  conversationId: id.optional(),
  seq: z.int().optional(),
  webhook: z.object({ _id: id }).optional(),
});

/** Returns the ids in an answer, for the audit log. */
export function createdBy(data: object): Pick<Targets, 'conversationId' | 'seq' | 'webhookId'> {
  const { conversationId, seq, webhook } = created.parse(data);
  return {
    ...(conversationId !== undefined && { conversationId }),
    ...(seq !== undefined && { seq }),
    ...(webhook !== undefined && { webhookId: webhook._id }),
  };
}
