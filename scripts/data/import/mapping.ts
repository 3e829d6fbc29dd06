import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CannotRun } from '../frame/task.js';

/** Where an older system keeps what: the mapping file of `import-legacy`. */

const field = z
  .string()
  .regex(/^[\w$@-]+(\.[\w$@-]+){0,5}$/, 'must be the path of a field, such as text or sender.id');
const name = z.string().min(1).max(120);
const value = z.union([z.string(), z.number(), z.boolean()]);

/** Rows are documents of a collection, or lines of a file. */
const place = { collection: name.optional(), file: name.optional() };
interface Place {
  collection?: string | undefined;
  file?: string | undefined;
}
const onePlace = (one: Place): boolean => (one.collection === undefined) !== (one.file === undefined);
const ONE_PLACE = 'give either collection or file';

const messageFields = {
  /** Left out: a message is known by sender, time and text. */
  id: field.optional(),
  sender: field,
  text: field,
  at: field,
  attachmentUrl: field.optional(),
  attachmentName: field.optional(),
  attachmentType: field.optional(),
  deletedAt: field.optional(),
};

export const importMapping = z
  .strictObject({
    $comment: z.string().optional(),
    /** Names the older system: part of every id that an import makes. Never change it between two imports. */
    source: z.string().regex(/^[a-z0-9-]{1,16}$/, 'must be 1 to 16 lower-case letters, digits or -'),
    /** Where its collections are: by default in a database of the server's own MongoDB. */
    mongo: z.strictObject({ uri: z.string().optional(), database: name }).optional(),
    /** What participants and senders are: ids of users, or what `users.knownAs` says. */
    people: z.enum(['id', 'name']).default('id'),
    users: z
      .strictObject({
        ...place,
        id: field,
        name: field.optional(),
        avatar: field.optional(),
        knownAs: field.optional(),
      })
      .refine(onePlace, ONE_PLACE)
      .optional(),
    conversations: z
      .strictObject({
        ...place,
        id: field,
        type: z
          .strictObject({ field, direct: z.array(value).default([]), group: z.array(value).default([]) })
          .optional(),
        /** A list of users, or of objects with the user in `participant`. Left out: from `participants`, or the id. */
        participants: field.optional(),
        participant: field.optional(),
        name: field.optional(),
        avatar: field.optional(),
        createdBy: field.optional(),
        createdAt: field.optional(),
        /** A list of messages in the conversation itself; their fields are named in `messages`. */
        messages: field.optional(),
      })
      .refine(onePlace, ONE_PLACE),
    participants: z
      .strictObject({ ...place, conversation: field, user: field })
      .refine(onePlace, ONE_PLACE)
      .optional(),
    messages: z.strictObject({ ...place, conversation: field.optional(), ...messageFields }),
    /** How far people have read: up to a message, or up to a time. */
    reads: z
      .strictObject({
        ...place,
        conversation: field,
        user: field,
        message: field.optional(),
        at: field.optional(),
      })
      .refine(onePlace, ONE_PLACE)
      .refine((one) => one.message !== undefined || one.at !== undefined, 'give message or at')
      .optional(),
    /** What becomes of a chat of two that has another number of people in it. */
    directOfOthers: z.enum(['report', 'group', 'split']).default('report'),
    /** Without `reads`: whether what is imported counts as read by everybody. */
    withoutReads: z.enum(['read', 'unread']).default('read'),
    directIds: z
      .strictObject({ prefix: name, separator: z.string().min(1).max(5) })
      .default({ prefix: 'direct_', separator: '_' }),
    groupIds: z.strictObject({ prefix: name }).default({ prefix: 'group_' }),
  })
  .superRefine(({ conversations, messages, people, users }, context) => {
    const isEmbedded = conversations.messages !== undefined;
    const say = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (isEmbedded && !hasNoPlace(messages))
      say(['messages'], 'are in conversations.messages: name no place');
    if (!isEmbedded && !onePlace(messages)) say(['messages'], ONE_PLACE);
    if (!isEmbedded && messages.conversation === undefined) say(['messages', 'conversation'], 'is needed');
    if (people === 'name' && users?.knownAs === undefined) {
      say(['users', 'knownAs'], 'is needed where people are names');
    }
  });
export type ImportMapping = z.infer<typeof importMapping>;

const hasNoPlace = (one: Place): boolean => one.collection === undefined && one.file === undefined;

/** @throws CannotRun with a sentence that says where the mapping is wrong. */
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
