import { z } from 'zod';

/** Keywords of JSON Schema that the contract's inputs use. */
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

/** Returns all field paths of an input schema, such as `occasion.id` or `userIds[]`. */
export function fieldPaths(schema: z.ZodType): string[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return [...new Set(walk(json, ''))].sort();
}

/** Returns all field paths of a value, in the same notation. */
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

/** Returns a copy of a value with the value at a path replaced (in lists, that of the first item). */
export function replaceAt(value: unknown, path: string, replacement: unknown): unknown {
  const steps = path.replaceAll('[]', '.0').split('.');
  const copy: unknown = structuredClone(value);
  let target = copy as Record<string, unknown>;
  for (const step of steps.slice(0, -1)) target = target[step] as Record<string, unknown>;
  // Not by assignment, which would set a prototype if a key of the replacement is `__proto__`.
  Object.defineProperty(target, steps.at(-1) ?? '', {
    value: replacement,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}

/** Returns the value at a path (in lists, that of the first item). */
export const valueAt = (value: unknown, path: string): unknown =>
  path
    .replaceAll('[]', '.0')
    .split('.')
    .reduce<unknown>((inner, step) => (inner as Record<string, unknown>)[step], value);
