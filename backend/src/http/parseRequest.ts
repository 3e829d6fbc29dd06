import type { Request } from 'express';
import type { z } from 'zod';
import { toInputError } from '../pipeline/failure.js';

/** Schemas of the parts of a request. */
interface RequestSchemas {
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
}

/** Returns the parts of a request, each parsed by its schema. @throws AppError of the first part that does not fit. */
export function parseRequest(schemas: RequestSchemas, request: Request): unknown {
  const params = schemas.params.safeParse(request.params);
  const query = schemas.query.safeParse(request.query);
  const body = schemas.body.safeParse(request.body);
  if (!params.success) throw toInputError(params.error);
  if (!query.success) throw toInputError(query.error);
  if (!body.success) throw toInputError(body.error);
  return { params: params.data, query: query.data, body: body.data };
}
