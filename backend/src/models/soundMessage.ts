import { z } from 'zod';
import { action, attachment, card, location, messageKind } from '../../../contract/index.js';
import type { MessageDocument } from './messageDocument.js';

const counted = z.array(z.object({ emoji: z.string(), count: z.int().min(1) }));

/** The optional parts of a message and what each has to look like. */
const PARTS = {
  action,
  attachments: z.array(attachment),
  location,
  card,
  replyTo: z.int().min(1),
  reactions: counted,
  editedAt: z.date(),
  deletedAt: z.date(),
} as const satisfies Partial<Record<keyof MessageDocument, z.ZodType>>;
const PART_NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[];

const isDate = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());

/** Of a kind that this server does not know the text is left, if there is one. */
const soundKind = (kind: unknown): MessageDocument['kind'] =>
  messageKind.options.find((known) => known === kind) ?? 'text';

/**
 * A stored message, whoever wrote it, as one that can be shown: a script, an older or a newer version may have stored
 * what this one cannot read. What cannot be read of it is left out; one such message never ends a page.
 */
export function sound(doc: MessageDocument): MessageDocument {
  const parts = PART_NAMES.filter((name) => doc[name] !== undefined);
  const broken = parts.filter((name) => !PARTS[name].safeParse(doc[name]).success);
  const { content, kind, createdAt, clientMessageId }: Record<string, unknown> = { ...doc };
  const isSound =
    broken.length === 0 &&
    typeof content === 'string' &&
    typeof clientMessageId === 'string' &&
    soundKind(kind) === kind &&
    isDate(createdAt);
  if (isSound) return doc;
  return {
    ...doc,
    ...Object.fromEntries(broken.map((name) => [name, undefined])),
    kind: soundKind(kind),
    content: typeof content === 'string' ? content : '',
    clientMessageId:
      typeof clientMessageId === 'string' ? clientMessageId : `import:${doc._id.toHexString()}`,
    createdAt: isDate(createdAt) ? createdAt : doc._id.getTimestamp(),
  };
}
