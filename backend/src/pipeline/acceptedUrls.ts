import { z } from 'zod';
import { pictureUrl } from '../../../contract/index.js';
import { AppError } from '../utils/appError.js';
import { isPublicUrl } from '../utils/publicUrl.js';

interface FoundUrl {
  /** Dotted path of the field, such as `attachments.0.url`. */
  path: string;
  url: string;
}

const childPath = (path: string, name: string | number): string =>
  path === '' ? String(name) : `${path}.${name}`;

/**
 * Returns every URL in a payload. The schema says which fields are URLs, so a new field is found without being listed
 * here.
 */
function urlsIn(schema: unknown, value: unknown, path = ''): FoundUrl[] {
  if (value === undefined || value === null) return [];
  if (schema === pictureUrl) return typeof value === 'string' ? [{ path, url: value }] : [];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return urlsIn(schema.unwrap(), value, path);
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => urlsIn(schema.element, item, childPath(path, index)));
  }
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object') return [];
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(schema.shape).flatMap(([name, field]) =>
    urlsIn(field, fields.get(name), childPath(path, name)),
  );
}

/** Refuses URLs that are not public https URLs, unless the operator accepts private ones. */
export class AcceptedUrls {
  /** @param acceptsPrivate true to accept plain HTTP, localhost and private networks as well. */
  constructor(readonly acceptsPrivate: boolean) {}

  /**
   * Requires every URL in a payload to be acceptable.
   *
   * @param value the payload as parsed by `schema`.
   * @throws AppError `VALIDATION`, with the path of each refused URL.
   */
  require(schema: z.ZodType, value: unknown): void {
    if (this.acceptsPrivate) return;
    const refused = urlsIn(schema, value).filter(({ url }) => !isPublicUrl(url));
    if (refused.length === 0) return;
    throw new AppError('VALIDATION', 'The input does not fit the schema.', {
      details: refused.map(({ path }) => ({ path, rule: 'must be an https URL of a public host' })),
    });
  }
}
