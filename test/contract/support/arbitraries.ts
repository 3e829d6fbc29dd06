import fc from 'fast-check';
import { z } from 'zod';
import { EXTRA_KEYS, OPERATORS, SCALARS } from './hostile.js';
import type { SampleContext } from '../../../contract/documents/samples.js';
import { pathsIn, replaceAt } from './schemaPaths.js';

/** Keywords of JSON Schema that the contract's inputs use. */
interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

/** Values by field name, so that generated inputs refer to existing things. */
export type Pool = Record<string, readonly unknown[]>;

export function poolOf(context: SampleContext): Pool {
  const {
    conversationId,
    groupId,
    messageId,
    callerId,
    otherUserId,
    strangerId,
    token,
    reportId,
    attachmentId,
  } = context;
  const people = [otherUserId, strangerId, callerId, 'nobody at all'];
  const seqs = [1, 2, 3, 1_000];
  return {
    ...{ conversationId: [conversationId, groupId, 'f'.repeat(24)], messageId: [messageId], token: [token] },
    ...{ userId: people, otherUserId: people, senderId: people, userIds: people, participants: people },
    ...{ seq: seqs, before: seqs, after: seqs, around: seqs, afterRev: seqs, replyTo: seqs },
    attachmentId: [attachmentId],
    ...{ reportId: [reportId], cursor: Object.values(context.cursors), words: ['hello', 'hel lo', '東京'] },
  };
}

const MAX_CHARS = 40;
/** Marks an optional field that is left out. */
const ABSENT = Symbol('absent');
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: MAX_CHARS }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

function text({ pattern, format, maxLength = MAX_CHARS }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'uri') return fc.webUrl({ validSchemes: ['https', 'http'] });
  if (format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('2200-01-01') })
      .map((date) => date.toISOString());
  if (pattern !== undefined && !pattern.includes('\\p'))
    return fc.stringMatching(new RegExp(pattern)).filter((one) => one.length <= maxLength);
  return anyText.map((one) => one.slice(0, maxLength));
}

/** Generates a number, or a numeral for query strings. */
function number({ type, minimum = -5, maximum = 1e6 }: JsonSchema): fc.Arbitrary<number> {
  const low = Math.max(minimum, -1e6);
  const high = Math.min(maximum, 1e6);
  return type === 'integer'
    ? fc.oneof(fc.integer({ min: low, max: Math.min(high, low + 50) }), fc.integer({ min: low, max: high }))
    : fc.double({ min: low, max: high, noNaN: true });
}

function list(schema: JsonSchema, from: (inner: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map(from));
  const minLength = schema.minItems ?? 0;
  const maxLength = Math.min(schema.maxItems ?? 3, minLength + 3);
  return fc.array(from(schema.items ?? {}), { minLength, maxLength });
}

function fromJson(schema: JsonSchema, pool: Pool, field = ''): fc.Arbitrary<unknown> {
  const inner = (one: JsonSchema) => fromJson(one, pool, field);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(inner));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'object') return object(schema, pool);
  if (schema.type === 'array') return list(schema, inner);
  if (schema.type === 'boolean') return fc.boolean();
  const known = pool[field];
  const free =
    schema.type === 'string'
      ? text(schema)
      : schema.type === undefined
        ? fc.oneof(fc.nat(300).map(String), anyText)
        : number(schema);
  const pooled = known?.map((one) => (schema.type === undefined ? String(one) : one));
  return pooled === undefined ? free : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pooled) }, free);
}

function object({ properties = {}, required = [] }: JsonSchema, pool: Pool): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const value = fromJson(schema, pool, name);
    return required.includes(name) ? value : fc.oneof(value, fc.constant(ABSENT));
  });
  const names = Object.keys(properties);
  return fc
    .tuple(...fields)
    .map((values) =>
      Object.fromEntries(
        values.flatMap((value, index) => (value === ABSENT ? [] : [[names[index] ?? '', value]])),
      ),
    );
}

/** Generates inputs from a schema. Some violate its refinements. */
export const likely = (schema: z.ZodType, pool: Pool): fc.Arbitrary<unknown> =>
  fromJson(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, pool);

/** Generates values that are invalid everywhere. */
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...SCALARS),
  fc.constantFrom(...OPERATORS.map(([, value]) => value)),
  fc.constantFrom('\ud800', 'a\udc00b', '\u0000', 'x'.repeat(9_000), '\u202e', '🎉'.repeat(200)),
  fc.constantFrom(-1, 0.5, 1e21, Number.MAX_SAFE_INTEGER + 2, -0),
  fc.anything({ maxDepth: 3, withNullPrototype: false }).map((value) => asJson(value)),
);

/** Returns the value as it arrives over the wire: JSON drops what it cannot represent. */
export function asJson(value: unknown): unknown {
  const json = JSON.stringify(value) as string | undefined;
  return json === undefined ? null : JSON.parse(json);
}

/** Generates fitting inputs with one defect: a replaced field, an extra field, or an empty object. */
export const disturbed = (fitting: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fitting, fc.nat(), hostile)
        .map(([value, at, other]) => replaceSome(value, at, other)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fitting, fc.constantFrom(...EXTRA_KEYS))
        .map(
          ([value, [key, extra]]) =>
            JSON.parse(
              `{${JSON.stringify(key)}:${JSON.stringify(extra)},${JSON.stringify(value).slice(1)}`.replace(
                /,\}$/,
                '}',
              ),
            ) as unknown,
        ),
    },
    hostile,
  );

function replaceSome(value: unknown, at: number, other: unknown): unknown {
  const paths = pathsIn(value).filter((path) => !path.endsWith('[][]'));
  const path = paths[at % Math.max(1, paths.length)];
  return path === undefined ? other : replaceAt(value, path, other);
}
