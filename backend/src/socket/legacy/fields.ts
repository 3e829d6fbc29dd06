import { z } from 'zod';
import { readOwn } from '../../utils/readOwn.js';

/** How fields of one shape are found in another: the small language of a mapping file. */

const PATH = /^(@\d|[A-Za-z_$][\w$-]*)(\.[A-Za-z_$][\w$-]*){0,5}$/;
const path = z
  .string()
  .regex(PATH, 'must be a path such as text, data.text, or @0 for the first argument itself');
const paths = z.union([path, z.array(path).min(1).max(10)]);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Where a value of a command comes from: the first of these paths that is there, or always the same. */
export const inSource = z.union([paths, z.strictObject({ value: scalar })]);
export type InSource = z.infer<typeof inSource>;

export type OutSource =
  | string
  | string[]
  | { value: string | number | boolean | null }
  | { from: string | string[]; as: 'epochMs' | 'epochS' | 'string' | 'number' }
  | { each: string; fields: Record<string, OutSource> }
  | { fields: Record<string, OutSource> };

/** Where a value of an old event comes from: also a list of objects, an object, or a value of another form. */
export const outSource: z.ZodType<OutSource> = z.lazy(() =>
  z.union([
    paths,
    z.strictObject({ value: scalar }),
    z.strictObject({ from: paths, as: z.enum(['epochMs', 'epochS', 'string', 'number']) }),
    z.strictObject({ each: path, fields: outFields }),
    z.strictObject({ fields: outFields }),
  ]),
);
const outFields = z.record(z.string().min(1).max(60), outSource);
export { outFields };
export type OutFields = Record<string, OutSource>;

/** Values, one of several, or at least so much. */
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

/** The value of a source in the arguments of an old event: `@1.text`, or `text` of the first one. */
export function readArgument(args: readonly unknown[], source: InSource): unknown {
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

/** The value of a source in what the server has to say; undefined where it has nothing of the kind. */
export function readValue(data: unknown, source: OutSource): unknown {
  if (typeof source === 'string' || Array.isArray(source)) {
    return readFirst(source, (candidate) => readOwn(data, candidate.split('.')));
  }
  if ('value' in source) return source.value;
  if ('from' in source) return convert(readValue(data, source.from), source.as);
  if (!('each' in source)) return buildFields(data, source.fields);
  const list = readOwn(data, source.each.split('.'));
  return Array.isArray(list) ? list.map((one: unknown) => buildFields(one, source.fields)) : [];
}

/** An object of an old event: what is not there is left out. */
export function buildFields(data: unknown, fields: OutFields): Record<string, unknown> {
  const built = Object.entries(fields).map(([name, source]) => [name, readValue(data, source)] as const);
  return Object.fromEntries(built.filter(([, value]) => value !== undefined));
}

/** Whether what the server has to say is of this kind. */
export function fits(data: unknown, when: Condition): boolean {
  return Object.entries(when).every(([where, wanted]) => {
    const value = readOwn(data, where.split('.'));
    if (Array.isArray(wanted)) return wanted.some((one) => one === value);
    if (typeof wanted === 'object' && wanted !== null)
      return typeof value === 'number' && value >= wanted.min;
    return value === wanted;
  });
}
