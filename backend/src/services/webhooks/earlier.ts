import type { MessageModel } from '../../models/messageModel.js';
import type { WebhookCursor } from '../../models/webhookModel.js';
import type { DueSubject } from './subjects.js';

/** Entries before the first one of a conversation that are looked at. */
const LOOK_BACK = 8;

/**
 * Adds entries that were committed before the first one of a conversation, and have a later id: another process made it. They
 * would be read later, and delivered out of order.
 */
export async function withEarlier(
  due: DueSubject,
  messages: Pick<MessageModel, 'findRange'>,
  { logs }: WebhookCursor,
): Promise<DueSubject> {
  const { subject } = due;
  if (subject.kind !== 'conversation' || subject.seq === undefined || subject.seq === 0) return due;
  const from = Math.max(1, subject.seq - LOOK_BACK + 1);
  const before = await messages.findRange(subject.conversationId, from, subject.seq);
  const firstLater = before[before.findLastIndex(({ _id }) => _id < logs.messages.id) + 1];
  return firstLater === undefined ? due : { ...due, subject: { ...subject, seq: firstLater.seq - 1 } };
}
