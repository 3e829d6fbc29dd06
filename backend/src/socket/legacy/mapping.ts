import { z } from 'zod';
import { COMMANDS, COMMAND_NAMES, PUSH_NAMES, type CommandName } from '../../../../contract/index.js';
import { condition, inSource, outFields, outSource } from './fields.js';

/** What Socket.IO itself says under these names, nobody else may. */
const RESERVED = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);
const MAX_EVENTS = 100;

const eventName = z
  .string()
  .min(1)
  .max(60)
  .refine((name) => !RESERVED.has(name), 'is a name of Socket.IO itself');
const label = z.string().min(1).max(60);

/** An old event and what is in it: one object of fields, or arguments one after the other. */
const saying = z
  .strictObject({
    event: eventName,
    fields: outFields.optional(),
    arguments: z.array(outSource).max(5).optional(),
  })
  .refine(
    (one) => (one.fields === undefined) !== (one.arguments === undefined),
    'give either fields or arguments',
  );
export type Saying = z.infer<typeof saying>;

/** The same, where what the server has to say is of a kind. */
const conditional = saying.safeExtend({ when: condition.optional() });
export type PushRule = z.infer<typeof conditional>;

const commandRule = z.strictObject({
  command: z.enum(COMMAND_NAMES),
  payload: z.record(label, inSource),
  /** What becomes of it while the chat of two that its id names is not there: made, refused, or answered as empty. */
  ifAbsent: z.enum(['open', 'refuse', 'empty']).default('refuse'),
  answer: saying.optional(),
});
export type CommandRule = z.infer<typeof commandRule>;

const DIRECT_IDS = { prefix: 'direct_', separator: '_', sorted: false };

export const legacyMapping = z
  .strictObject({
    $comment: z.string().optional(),
    /** Where old clients put their token, besides `auth.token`. */
    token: z.strictObject({ query: label.optional(), header: label.optional() }).default({ query: 'token' }),
    /** By what an old client is known as one before it says anything; by its first old event in any case. */
    recognise: z
      .strictObject({ oldToken: z.boolean(), query: z.record(label, z.string()).optional() })
      .default({ oldToken: true }),
    /** Where old clients say which version they are: for the log. */
    version: z
      .strictObject({ query: label.optional(), header: label.optional() })
      .default({ header: 'user-agent' }),
    directIds: z
      .strictObject({ prefix: label, separator: z.string().min(1).max(5), sorted: z.boolean() })
      .default(DIRECT_IDS),
    groupIds: z.strictObject({ prefix: label }).default({ prefix: 'group_' }),
    /** Whether the ids that old clients give their messages are never used again, or only on one connection. */
    tempIds: z.enum(['unique', 'perConnection']).default('unique'),
    /** What no rule speaks of: not sent, or sent as new clients hear it. */
    otherPushes: z.enum(['drop', 'pass']).default('drop'),
    commands: z.record(eventName, commandRule),
    pushes: z.partialRecord(z.enum(PUSH_NAMES), z.union([conditional, z.array(conditional).min(1).max(20)])),
    errors: saying,
  })
  .superRefine(({ commands }, context) => {
    if (Object.keys(commands).length > MAX_EVENTS) {
      context.addIssue({ code: 'custom', path: ['commands'], message: `has more than ${MAX_EVENTS} events` });
    }
    for (const [event, { command, payload }] of Object.entries(commands)) {
      for (const field of Object.keys(payload)) {
        if (isFieldOf(command, field)) continue;
        const path = ['commands', event, 'payload', field];
        context.addIssue({ code: 'custom', path, message: `is no field of ${command}` });
      }
    }
  });
export type LegacyMapping = z.infer<typeof legacyMapping>;
export type LegacyMappingInput = z.input<typeof legacyMapping>;

/** `upTo` is for those commands that take either a place or a message: whatever an old client has of the two. */
const isFieldOf = (command: CommandName, field: string): boolean =>
  field in COMMANDS[command].payload.shape ||
  (field === 'upTo' && 'messageId' in COMMANDS[command].payload.shape);

/** @returns the mapping, or a sentence that says what is wrong with it and where. */
export function parseLegacyMapping(text: string): LegacyMapping | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `is no JSON (${error instanceof Error ? error.message : String(error)})`;
  }
  const parsed = legacyMapping.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = deepestOf(parsed.error.issues);
  return `${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`;
}

type Issue = z.core.$ZodIssue;

/** Of alternatives that all fail, the one that came furthest says most. */
function deepestOf(issues: readonly Issue[]): { path: PropertyKey[]; message: string } {
  const [issue] = issues;
  if (issue === undefined) return { path: [], message: 'is wrong' };
  if (issue.code !== 'invalid_union') return issue;
  const [best] = issue.errors
    .filter((errors) => errors.length > 0)
    .map((errors) => deepestOf(errors))
    .sort((a, b) => b.path.length - a.path.length);
  return best === undefined ? issue : { path: [...issue.path, ...best.path], message: best.message };
}
