import type { UploadedAttachmentView } from '../../../../contract/index.js';
import type { AttachmentRecord } from '../../models/attachmentModel.js';
import type { AttachmentViews } from '../views/index.js';

/** Returns the view of an upload for its owner. Files that can be sent have signed URLs. */
export function toUploadedView(row: AttachmentRecord, views: AttachmentViews): UploadedAttachmentView {
  const { _id, kind, status, facts, announced, reason, createdAt } = row;
  const { name = '', mimeType = '', sizeBytes = 0 } = facts ?? announced ?? {};
  const { attachmentId: _same, ...shown } =
    facts === undefined ? {} : views.presentFile({ attachmentId: _id, kind }, facts);
  return {
    ...shown,
    _id,
    kind,
    name,
    mimeType,
    sizeBytes,
    // A file that is being removed is not shown any more: callers refuse it before.
    status: status === 'deleting' || status === 'held' ? 'rejected' : status,
    ...(reason !== undefined && { reason }),
    createdAt: createdAt.toISOString(),
  };
}
