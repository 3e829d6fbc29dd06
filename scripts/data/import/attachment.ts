import { cutText } from '../../../backend/src/utils/cutText.js';
import { attachment as attachmentSchema, LIMITS, type Attachment } from '../../../contract/index.js';
import type { ImportMapping } from './mapping.js';
import { readField } from './source.js';
import { toText } from './text.js';

/** Attachment of a message. `remark` describes parts that were left out, for the report. */
export interface ReadAttachment {
  attachment?: Attachment;
  remark?: string;
}

/** A URL is required. A name or a media type that the contract rejects is left out. */
export function readAttachment(messages: ImportMapping['messages'], row: unknown): ReadAttachment {
  const url = readField(row, messages.attachmentUrl);
  if (url === undefined || url === null || url === '') return {};
  const type = readField(row, messages.attachmentType);
  const isOf = (kind: string): boolean => typeof type === 'string' && type.startsWith(kind);
  const kind = isOf('image') ? 'image' : isOf('audio') || isOf('voice') ? 'voice' : 'file';
  const bare = attachmentSchema.safeParse({ kind, url });
  if (!bare.success) return { remark: 'has an attachment without a usable URL' };
  const name = cutText(toText(readField(row, messages.attachmentName)) ?? '', LIMITS.maxTitleChars).trim();
  const details = {
    ...(name !== '' && { name }),
    ...(typeof type === 'string' && type.includes('/') && { mimeType: type }),
  };
  const whole = attachmentSchema.safeParse({ kind, url, ...details });
  if (whole.success) return { attachment: whole.data };
  const usable = Object.fromEntries(
    Object.entries(details).filter(
      ([field, value]) => attachmentSchema.safeParse({ kind, url, [field]: value }).success,
    ),
  );
  const lost = Object.keys(details).filter((field) => !(field in usable));
  return {
    attachment: attachmentSchema.parse({ kind, url, ...usable }),
    remark: `has an attachment whose ${lost.join(' and ')} cannot be used`,
  };
}
