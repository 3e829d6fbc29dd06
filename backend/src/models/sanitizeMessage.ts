import { z } from 'zod';
import { action, cardView, locationView, messageKind } from '../../../contract/index.js';
import type { MessageDocument } from './messageShape.js';
import { anyStoredAttachment } from './storedAttachment.js';

const counted = z.array(z.object({ emoji: z.string(), count: z.int().min(1) }));

/** Optional fields of a message with their schemas. */
const OPTIONAL_FIELDS = {
  action,
  attachments: z.array(anyStoredAttachment),
  location: locationView,
  card: cardView,
  replyTo: z.int().min(1),
  reactions: counted,
  editedAt: z.date(),
  deletedAt: z.date(),
} as const satisfies Partial<Record<keyof MessageDocument, z.ZodType>>;
const OPTIONAL_NAMES = Object.keys(OPTIONAL_FIELDS) as (keyof typeof OPTIONAL_FIELDS)[];

const isDate = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());

/** Returns `text` for a kind that this version does not know, so that at least its text is shown. */
const validKind = (kind: unknown): MessageDocument['kind'] =>
  messageKind.options.find((known) => known === kind) ?? 'text';

/**
 * Makes a stored message safe to show. A script, or an older or newer version, may have stored fields that this version
 * cannot parse. They are dropped, so that one such message never breaks a page.
 */
export function sanitizeMessage(doc: MessageDocument): MessageDocument {
  const present = OPTIONAL_NAMES.filter((name) => doc[name] !== undefined);
  const invalid = present.filter((name) => !OPTIONAL_FIELDS[name].safeParse(doc[name]).success);
  const { content, kind, createdAt, clientMessageId }: Record<string, unknown> = { ...doc };
  const isValid =
    invalid.length === 0 &&
    typeof content === 'string' &&
    typeof clientMessageId === 'string' &&
    validKind(kind) === kind &&
    isDate(createdAt);
  if (isValid) return doc;
  return {
    ...doc,
    ...Object.fromEntries(invalid.map((name) => [name, undefined])),
    kind: validKind(kind),
    content: typeof content === 'string' ? content : '',
    clientMessageId:
      typeof clientMessageId === 'string' ? clientMessageId : `import:${doc._id.toHexString()}`,
    createdAt: isDate(createdAt) ? createdAt : doc._id.getTimestamp(),
  };
}
