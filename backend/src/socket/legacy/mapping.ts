import { z } from 'zod';
import { COMMANDS, COMMAND_NAMES, PUSH_NAMES, type CommandName } from '../../../../contract/index.js';
import { condition, payloadSource, eventFields, fieldSource } from './fields.js';

/** Event names that Socket.IO reserves. */
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
  .refine((name) => !RESERVED.has(name), 'is reserved by Socket.IO');
const label = z.string().min(1).max(60);

/** A legacy event and its content: either one object of fields, or positional arguments. */
const legacyEvent = z
  .strictObject({
    event: eventName,
    fields: eventFields.optional(),
    arguments: z.array(fieldSource).max(5).optional(),
  })
  .refine(
    (one) => (one.fields === undefined) !== (one.arguments === undefined),
    'give either fields or arguments',
  );
export type LegacyEventRule = z.infer<typeof legacyEvent>;

/** A legacy event for pushes that fulfil a condition. */
const pushRule = legacyEvent.safeExtend({ when: condition.optional() });
export type PushRule = z.infer<typeof pushRule>;

const commandRule = z.strictObject({
  command: z.enum(COMMAND_NAMES),
  payload: z.record(label, payloadSource),
  /** Handling of an event whose direct conversation does not exist yet: create it, refuse, or answer as empty. */
  ifAbsent: z.enum(['open', 'refuse', 'empty']).default('refuse'),
  answer: legacyEvent.optional(),
});
export type CommandRule = z.infer<typeof commandRule>;

const DIRECT_IDS = { prefix: 'direct_', separator: '_', sorted: false };

export const legacyMapping = z
  .strictObject({
    $comment: z.string().optional(),
    /** Query parameter or header of the token, in addition to `auth.token`. */
    token: z.strictObject({ query: label.optional(), header: label.optional() }).default({ query: 'token' }),
    /** Signs of a legacy client in the handshake. Its first legacy event identifies it in any case. */
    recognise: z
      .strictObject({ oldToken: z.boolean(), query: z.record(label, z.string()).optional() })
      .default({ oldToken: true }),
    /** Query parameter or header of the client's version, for the log. */
    version: z
      .strictObject({ query: label.optional(), header: label.optional() })
      .default({ header: 'user-agent' }),
    directIds: z
      .strictObject({ prefix: label, separator: z.string().min(1).max(5), sorted: z.boolean() })
      .default(DIRECT_IDS),
    groupIds: z.strictObject({ prefix: label }).default({ prefix: 'group_' }),
    /** Whether message ids of legacy clients are unique, or unique per connection only. */
    tempIds: z.enum(['unique', 'perConnection']).default('unique'),
    /** Pushes without a rule: not sent, or sent in the current format. */
    otherPushes: z.enum(['drop', 'pass']).default('drop'),
    commands: z.record(eventName, commandRule),
    pushes: z.partialRecord(z.enum(PUSH_NAMES), z.union([pushRule, z.array(pushRule).min(1).max(20)])),
    errors: legacyEvent,
  })
  .superRefine(({ commands }, context) => {
    if (Object.keys(commands).length > MAX_EVENTS) {
      context.addIssue({ code: 'custom', path: ['commands'], message: `has more than ${MAX_EVENTS} events` });
    }
    for (const [event, { command, payload }] of Object.entries(commands)) {
      for (const field of Object.keys(payload)) {
        if (isFieldOf(command, field)) continue;
        const path = ['commands', event, 'payload', field];
        context.addIssue({ code: 'custom', path, message: `is not a field of ${command}` });
      }
    }
  });
export type LegacyMapping = z.infer<typeof legacyMapping>;
export type LegacyMappingInput = z.input<typeof legacyMapping>;

/** `upTo` stands for the position of commands that accept either a `seq` or a message id. */
const isFieldOf = (command: CommandName, field: string): boolean =>
  field in COMMANDS[command].payload.shape ||
  (field === 'upTo' && 'messageId' in COMMANDS[command].payload.shape);

/** Returns the mapping, or an error message with the path of the error. */
export function parseLegacyMapping(text: string): LegacyMapping | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `is not valid JSON (${error instanceof Error ? error.message : String(error)})`;
  }
  const parsed = legacyMapping.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = deepestOf(parsed.error.issues);
  return `${issue.path.map(String).join('.') || 'the file'}: ${issue.message}`;
}

type Issue = z.core.$ZodIssue;

/** For a union, returns the error of the alternative that matched furthest, which is the most specific one. */
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
