import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CannotRun } from '../frame/taskErrors.js';

/** Schema of the mapping file of `import-legacy`: where the old system stores its data. */

const field = z
  .string()
  .regex(/^[\w$@-]+(\.[\w$@-]+){0,5}$/, 'must be the path of a field, such as text or sender.id');
const name = z.string().min(1).max(120);
const value = z.union([z.string(), z.number(), z.boolean()]);

/** Source of rows: documents of a collection, or lines of a file. */
const rowSource = { collection: name.optional(), file: name.optional() };
interface RowSource {
  collection?: string | undefined;
  file?: string | undefined;
}
const hasOneSource = (one: RowSource): boolean => (one.collection === undefined) !== (one.file === undefined);
const ONE_SOURCE = 'give either collection or file';

const messageFields = {
  /** If omitted, a message is identified by sender, time and text. */
  id: field.optional(),
  sender: field,
  text: field,
  at: field,
  attachmentUrl: field.optional(),
  attachmentName: field.optional(),
  attachmentType: field.optional(),
  deletedAt: field.optional(),
};

/**
 * A field with its values, one type for all conversations, or `byParticipants`: two users are direct, other numbers a
 * group.
 */
const conversationType = z.union(
  [
    z.enum(['direct', 'group', 'byParticipants']),
    z.strictObject({ field, direct: z.array(value).default([]), group: z.array(value).default([]) }),
  ],
  { error: 'must be "direct", "group", "byParticipants", or {"field": …, "direct": […], "group": […]}' },
);

export const importMapping = z
  .strictObject({
    $comment: z.string().optional(),
    /** Name of the old system. Part of every id that an import creates; must not change between two imports. */
    source: z.string().regex(/^[a-z0-9-]{1,16}$/, 'must be 1 to 16 lower-case letters, digits or -'),
    /** Location of its collections. Default: the server's own MongoDB. */
    mongo: z.strictObject({ uri: z.string().optional(), database: name }).optional(),
    /** Content of participant and sender fields: ids of users, or names listed in `users.knownAs`. */
    people: z.enum(['id', 'name']).default('id'),
    users: z
      .strictObject({
        ...rowSource,
        id: field,
        name: field.optional(),
        avatar: field.optional(),
        knownAs: field.optional(),
      })
      .refine(hasOneSource, ONE_SOURCE)
      .optional(),
    conversations: z
      .strictObject({
        ...rowSource,
        id: field,
        /** If omitted, the prefix of the id decides. Without a known prefix the type is guessed and reported. */
        type: conversationType.optional(),
        /**
         * A list of users, or of objects with the user in `participant`. If omitted: from `participants`, or from the
         * id.
         */
        participants: field.optional(),
        participant: field.optional(),
        name: field.optional(),
        avatar: field.optional(),
        createdBy: field.optional(),
        createdAt: field.optional(),
        /** A list of messages embedded in the conversation. Their fields are named in `messages`. */
        messages: field.optional(),
      })
      .refine(hasOneSource, ONE_SOURCE),
    participants: z
      .strictObject({ ...rowSource, conversation: field, user: field })
      .refine(hasOneSource, ONE_SOURCE)
      .optional(),
    messages: z.strictObject({ ...rowSource, conversation: field.optional(), ...messageFields }),
    /** Read positions: up to a message, or up to a time. */
    reads: z
      .strictObject({
        ...rowSource,
        /** If omitted, the conversation of the message. */
        conversation: field.optional(),
        user: field,
        message: field.optional(),
        at: field.optional(),
      })
      .refine(hasOneSource, ONE_SOURCE)
      .refine((one) => one.message !== undefined || one.at !== undefined, 'give message or at')
      .optional(),
    /** Treatment of chats of two whose number of participants is not two. */
    directOfOthers: z.enum(['report', 'group', 'split']).default('report'),
    /** Without `reads`: whether imported messages count as read by all members. */
    withoutReads: z.enum(['read', 'unread']).default('read'),
    directIds: z
      .strictObject({ prefix: name, separator: z.string().min(1).max(5) })
      .default({ prefix: 'direct_', separator: '_' }),
    groupIds: z.strictObject({ prefix: name }).default({ prefix: 'group_' }),
  })
  .superRefine(({ conversations, messages, people, users, reads, directOfOthers }, context) => {
    const isEmbedded = conversations.messages !== undefined;
    const say = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (isEmbedded && !hasNoSource(messages))
      say(['messages'], 'are in conversations.messages: name no collection and no file');
    if (!isEmbedded && !hasOneSource(messages)) say(['messages'], ONE_SOURCE);
    if (!isEmbedded && messages.conversation === undefined) say(['messages', 'conversation'], 'is required');
    if (reads !== undefined && reads.conversation === undefined) {
      if (reads.message === undefined) say(['reads'], 'give conversation, or message to find it by');
      else if (messages.id === undefined) say(['messages', 'id'], 'is required to find read messages');
    }
    if (conversations.type === 'byParticipants' && directOfOthers !== 'report') {
      say(
        ['directOfOthers'],
        'has no effect where chats with other than two people are groups (byParticipants)',
      );
    }
    if (people === 'name' && users?.knownAs === undefined) {
      say(['users', 'knownAs'], 'is required when people are names');
    }
  });
export type ImportMapping = z.infer<typeof importMapping>;

const hasNoSource = (one: RowSource): boolean => one.collection === undefined && one.file === undefined;

/** Reads the mapping file. @throws CannotRun with the position of the error. */
export function readImportMapping(path: string): ImportMapping {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CannotRun(`The mapping ${path} cannot be read: ${(error as Error).message}`);
  }
  const parsed = importMapping.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CannotRun(
    `The mapping ${path}: ${issue === undefined || issue.path.length === 0 ? 'the file' : issue.path.join('.')}: ${issue?.message ?? ''}.`,
  );
}
