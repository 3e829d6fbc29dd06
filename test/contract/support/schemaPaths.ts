import { z } from 'zod';

/** As much of JSON Schema as the contract's inputs come out with. */
interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
}

function walk(schema: JsonSchema, path: string): string[] {
  const branches = (schema.anyOf ?? []).flatMap((branch) => walk(branch, path));
  const properties = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return [at, ...walk(value, at)];
  });
  const items = [schema.items, ...(schema.prefixItems ?? [])].flatMap((item) =>
    item === undefined ? [] : [`${path}[]`, ...walk(item, `${path}[]`)],
  );
  return [...branches, ...properties, ...items];
}

/** Every field that an input may have, as `occasion.id` or `userIds[]`. */
export function fieldPaths(schema: z.ZodType): string[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return [...new Set(walk(json, ''))].sort();
}

/** Every field that a value has, in the same words. */
export function pathsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => [`${path}[]`, ...pathsIn(item, `${path}[]`)]);
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return [at, ...pathsIn(inner, at)];
  });
}

/** A copy of a value with something else at a place (its first item, where the path goes through a list). */
export function replaceAt(value: unknown, path: string, replacement: unknown): unknown {
  const steps = path.replaceAll('[]', '.0').split('.');
  const copy: unknown = structuredClone(value);
  let target = copy as Record<string, unknown>;
  for (const step of steps.slice(0, -1)) target = target[step] as Record<string, unknown>;
  // Not by assignment: that would set a prototype where the replacement's key is `__proto__`.
  Object.defineProperty(target, steps.at(-1) ?? '', {
    value: replacement,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}

/** What is at a place (in the first item, where the path goes through a list). */
export const valueAt = (value: unknown, path: string): unknown =>
  path
    .replaceAll('[]', '.0')
    .split('.')
    .reduce<unknown>((inner, step) => (inner as Record<string, unknown>)[step], value);
