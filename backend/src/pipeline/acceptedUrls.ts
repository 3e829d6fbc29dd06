import { z } from 'zod';
import { attachment, pictureUrl } from '../../../contract/index.js';
import { AppError } from '../utils/appError.js';
import { isPublicUrl } from '../utils/publicUrl.js';

interface FoundUrl {
  /** Dotted path of the field, such as `attachments.0.url`. */
  path: string;
  url: string;
  /** True for a file of a message that is stored elsewhere. */
  isAttachment: boolean;
}

interface Place {
  path: string;
  isAttachment: boolean;
}

const childPath = (path: string, name: string | number): string =>
  path === '' ? String(name) : `${path}.${name}`;

/**
 * Returns every URL in a payload. The schema says which fields are URLs, so a new field is found without being listed
 * here.
 */
function urlsIn(
  schema: unknown,
  value: unknown,
  { path, isAttachment }: Place = { path: '', isAttachment: false },
): FoundUrl[] {
  if (value === undefined || value === null) return [];
  if (schema === pictureUrl) return typeof value === 'string' ? [{ path, url: value, isAttachment }] : [];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return urlsIn(schema.unwrap(), value, { path, isAttachment });
  }
  // Alternatives that do not fit the value find none of its URLs.
  if (schema instanceof z.ZodUnion) {
    const found = schema.options.flatMap((option) => urlsIn(option, value, { path, isAttachment }));
    return [...new Map(found.map((one) => [one.path, one])).values()];
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((item: unknown, index) =>
      urlsIn(schema.element, item, { path: childPath(path, index), isAttachment }),
    );
  }
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object') return [];
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(schema.shape).flatMap(([name, field]) =>
    urlsIn(field, fields.get(name), {
      path: childPath(path, name),
      isAttachment: isAttachment || schema === attachment,
    }),
  );
}

/** Refuses URLs that are not public https URLs, unless the operator accepts private ones, and files stored elsewhere. */
export class AcceptedUrls {
  /**
   * @param acceptsPrivate true to accept plain HTTP, localhost and private networks as well.
   * @param acceptsExternal true to accept attachments that are stored elsewhere.
   */
  constructor(
    readonly acceptsPrivate: boolean,
    readonly acceptsExternal: boolean,
  ) {}

  /**
   * Requires every URL in a payload to be acceptable.
   *
   * @param value the payload as parsed by `schema`.
   * @throws AppError `VALIDATION`, with the path of each refused URL.
   */
  require(schema: z.ZodType, value: unknown): void {
    if (this.acceptsPrivate && this.acceptsExternal) return;
    const refused = urlsIn(schema, value).flatMap(({ path, url, isAttachment }) => {
      if (isAttachment && !this.acceptsExternal)
        return [{ path, rule: 'must be an uploaded file (attachmentId)' }];
      const isAccepted = this.acceptsPrivate || isPublicUrl(url);
      return isAccepted ? [] : [{ path, rule: 'must be an https URL of a public host' }];
    });
    if (refused.length === 0) return;
    throw new AppError('VALIDATION', 'The input does not fit the schema.', { details: refused });
  }
}
