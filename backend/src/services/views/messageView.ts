import type { MessageView, UserView } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { type DeliveryStatus, UNCOUNTED } from '../positions/index.js';
import type { AttachmentViews } from './attachmentViews.js';
import { toReactionViews } from './reactionViews.js';

/** Returns the view that all members may receive. Only the sender may see the delivery status, so it is removed. */
export function withoutDeliveryStatus(view: MessageView): MessageView {
  const { deliveredCount: _delivered, readCount: _read, ...rest } = view;
  return { ...rest, ...UNCOUNTED };
}

/** Parts of a message's view that are not stored with it. */
interface ViewParts {
  sender: UserView;
  deliveryStatus: DeliveryStatus;
  /** Signs the URLs of uploaded files. */
  attachmentViews: Pick<AttachmentViews, 'present'>;
}

/** Returns the view of a stored message. It has no quote and no marks of the viewer's own reactions. */
export function toMessageView(
  message: MessageRecord,
  { sender, deliveryStatus, attachmentViews }: ViewParts,
): MessageView {
  const changedAt = message.deletedAt ?? message.editedAt ?? message.createdAt;
  return {
    _id: message._id,
    conversationId: message.conversationId,
    seq: message.seq,
    senderId: message.senderId,
    sender,
    clientMessageId: message.clientMessageId,
    kind: message.kind,
    content: message.content,
    attachments: attachmentViews.present(message.attachments),
    ...(message.location !== undefined && { location: message.location }),
    ...(message.card !== undefined && { card: message.card }),
    ...(message.action !== undefined && { action: message.action }),
    ...(message.replyTo !== undefined && { replyTo: message.replyTo }),
    reactions: toReactionViews(message.reactions),
    ...deliveryStatus,
    createdAt: message.createdAt.toISOString(),
    updatedAt: changedAt.toISOString(),
    ...(message.editedAt !== undefined && { editedAt: message.editedAt.toISOString() }),
    ...(message.deletedAt !== undefined && { deletedAt: message.deletedAt.toISOString() }),
  };
}
