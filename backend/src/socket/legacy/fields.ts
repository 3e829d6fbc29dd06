import { z } from 'zod';
import { readOwn } from '../../utils/readOwn.js';

/** The language of a mapping file: how fields of one shape are read from another. */

const PATH = /^(@\d|[A-Za-z_$][\w$-]*)(\.[A-Za-z_$][\w$-]*){0,5}$/;
const path = z
  .string()
  .regex(PATH, 'must be a path such as text, data.text, or @0 for the first argument itself');
const paths = z.union([path, z.array(path).min(1).max(10)]);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Source of a command's field: the first existing one of these paths, or a constant. */
export const payloadSource = z.union([paths, z.strictObject({ value: scalar })]);
export type PayloadSource = z.infer<typeof payloadSource>;

/** Source of a field of a legacy event: a path, a constant, a converted value, a list of objects, or an object. */
export type FieldSource =
  | string
  | string[]
  | { value: string | number | boolean | null }
  | { from: string | string[]; as: 'epochMs' | 'epochS' | 'string' | 'number' }
  | { each: string; fields: Record<string, FieldSource> }
  | { fields: Record<string, FieldSource> };

/** Schema of `FieldSource`. Recursive, hence the explicit type. */
export const fieldSource: z.ZodType<FieldSource> = z.lazy(() =>
  z.union([
    paths,
    z.strictObject({ value: scalar }),
    z.strictObject({ from: paths, as: z.enum(['epochMs', 'epochS', 'string', 'number']) }),
    z.strictObject({ each: path, fields: eventFields }),
    z.strictObject({ fields: eventFields }),
  ]),
);
const eventFields = z.record(z.string().min(1).max(60), fieldSource);
export { eventFields };
export type EventFields = Record<string, FieldSource>;

/** Condition per path: a value, one of several values, or a minimum. */
export const condition = z.record(
  path,
  z.union([scalar, z.array(scalar).min(1), z.strictObject({ min: z.number() })]),
);
export type Condition = z.infer<typeof condition>;

function readFirst(candidates: string | readonly string[], read: (path: string) => unknown): unknown {
  for (const candidate of [candidates].flat()) {
    const value = read(candidate);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** Reads a field from the arguments of a legacy event: `@1.text` from the second argument, `text` from the first. */
export function readArgument(args: readonly unknown[], source: PayloadSource): unknown {
  if (typeof source === 'object' && 'value' in source) return source.value;
  return readFirst(source, (candidate) => {
    const [first = '', ...steps] = candidate.split('.');
    return first.startsWith('@')
      ? readOwn(args[Number(first.slice(1))], steps)
      : readOwn(args[0], [first, ...steps]);
  });
}

function convert(value: unknown, as: 'epochMs' | 'epochS' | 'string' | 'number'): unknown {
  if (value === undefined) return undefined;
  if (as === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  if (as === 'number') return Number(value);
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return as === 'epochMs' ? ms : Math.floor(ms / 1_000);
}

/** Reads a field from the data of a push or answer; undefined when it is absent. */
export function readValue(data: unknown, source: FieldSource): unknown {
  if (typeof source === 'string' || Array.isArray(source)) {
    return readFirst(source, (candidate) => readOwn(data, candidate.split('.')));
  }
  if ('value' in source) return source.value;
  if ('from' in source) return convert(readValue(data, source.from), source.as);
  if (!('each' in source)) return buildFields(data, source.fields);
  const list = readOwn(data, source.each.split('.'));
  return Array.isArray(list) ? list.map((one: unknown) => buildFields(one, source.fields)) : [];
}

/** Builds the fields of a legacy event; absent values are left out. */
export function buildFields(data: unknown, fields: EventFields): Record<string, unknown> {
  const built = Object.entries(fields).map(([name, source]) => [name, readValue(data, source)] as const);
  return Object.fromEntries(built.filter(([, value]) => value !== undefined));
}

/** True when the data of a push fulfils the condition. */
export function matches(data: unknown, condition: Condition): boolean {
  return Object.entries(condition).every(([where, wanted]) => {
    const value = readOwn(data, where.split('.'));
    if (Array.isArray(wanted)) return wanted.some((one) => one === value);
    if (typeof wanted === 'object' && wanted !== null)
      return typeof value === 'number' && value >= wanted.min;
    return value === wanted;
  });
}
