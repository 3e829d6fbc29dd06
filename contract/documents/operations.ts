import { z } from 'zod';
import { ERRORS, GENERAL_CODES, type ErrorCode } from '../errors.js';
import { exampleOfError, failureSchema } from './failures.js';
import { answerSchema, type JsonSchema, type JsonSchemas } from './jsonSchemas.js';
import type { EndpointSample } from './samples.js';

/** A row of an endpoints table, as its document needs it. */
export interface DocumentedRow {
  method: string;
  path: string;
  status: number;
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
  answer: z.ZodType;
  codes: readonly ErrorCode[];
}

export const toTemplate = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

const PARAM_NOTES: Readonly<Record<string, string>> = {
  conversationId: 'Id of the conversation.',
  seq: 'Sequence number of the message in its conversation.',
  emoji: 'One emoji, percent-encoded.',
  userId: 'Id of the user, as the app chose it; percent-encoded.',
  reportId: 'Id of the report.',
  status: 'Open reports (default), or resolved ones.',
  filter: 'Unread or archived conversations, or groups and channels only.',
  cursor: '`nextCursor` (or `syncCursor`, for `sync`) of an earlier answer.',
  limit: 'Number of entries of the page.',
  before: 'Entries before this `seq`, newest page first.',
  after: 'Entries after this `seq`.',
  around: 'Entries on both sides of this `seq`.',
  ticket: 'Ticket of `POST /api/events/ticket`, instead of a token.',
  lastEventId: 'Position of the last event that was received.',
};

/** Parameters of a path or a query string. Their schemas describe the values that the texts stand for. */
export function parametersOf(
  place: 'path' | 'query',
  schema: JsonSchema,
  samples: readonly EndpointSample[],
): JsonSchema[] {
  const required = new Set(z.array(z.string()).optional().parse(schema['required']) ?? []);
  return Object.entries(
    z.record(z.string(), z.record(z.string(), z.unknown())).optional().parse(schema['properties']) ?? {},
  ).map(([name, property]) => {
    const sample = samples
      .map((one) => (place === 'path' ? one.params : one.query)?.[name])
      .find((one) => one !== undefined);
    const example = sample !== undefined && property['type'] === 'integer' ? Number(sample) : sample;
    return {
      name,
      in: place,
      required: place === 'path' || required.has(name),
      ...(PARAM_NOTES[name] !== undefined && { description: PARAM_NOTES[name] }),
      schema: property,
      ...(example !== undefined && { example }),
    };
  });
}

/** Codes that the HTTP server gives before an endpoint runs: an unknown path, and a body beyond the size limit. */
const HTTP_CODES: readonly ErrorCode[] = ['NOT_FOUND', 'TOO_LARGE'];

/** The error responses of an endpoint, one per HTTP status, with an example for each code. */
export function errorResponses(own: readonly ErrorCode[], schemas: JsonSchemas): Record<string, JsonSchema> {
  const possible = [...new Set([...GENERAL_CODES, ...HTTP_CODES, ...own])];
  const statuses = new Set(possible.map((code) => ERRORS[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => [
      String(status),
      errorResponse(
        possible.filter((code) => ERRORS[code].status === status),
        schemas,
      ),
    ]),
  );
}

function errorResponse(codes: readonly ErrorCode[], schemas: JsonSchemas): JsonSchema {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`).join('\n\n'),
    ...(codes.includes('RATE_LIMITED') && { headers: RETRY_AFTER }),
    content: {
      'application/json': {
        schema: failureSchema(codes, schemas),
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOfError(code) }])),
      },
    },
  };
}

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
};

/** True when an endpoint answers 200 instead of its status because the resource existed before. */
const mayHaveExisted = (data: z.ZodType): boolean =>
  data instanceof z.ZodObject && ('created' in data.shape || 'duplicate' in data.shape);

function successResponses(
  { status, answer }: DocumentedRow,
  schemas: JsonSchemas,
): Record<string, JsonSchema> {
  const content = { 'application/json': { schema: answerSchema(schemas.convert(answer, 'output')) } };
  const responses = { [String(status)]: { description: status === 201 ? 'Created.' : 'Done.', content } };
  if (status !== 201 || !mayHaveExisted(answer)) return responses;
  return { '200': { description: 'It existed before; nothing was created.', content }, ...responses };
}

interface Described {
  operationId: string;
  tag: string;
  summary: string;
  description: string;
  /** Header parameters. */
  headers?: readonly JsonSchema[];
}

/** Returns the operation of one endpoint: parameters, body, answers and error codes, with examples. */
export function operationOf(
  row: DocumentedRow,
  { operationId, tag, summary, description, headers = [] }: Described,
  { schemas, samples }: { schemas: JsonSchemas; samples: readonly EndpointSample[] },
): JsonSchema {
  const { method, params, query, body, codes } = row;
  const parameters = [
    ...parametersOf('path', schemas.convert(params, 'output'), samples),
    ...parametersOf('query', schemas.convert(query, 'output'), samples),
    ...headers,
  ];
  const bodies = samples.flatMap((sample) => (sample.body === undefined ? [] : [sample.body]));
  const takesBody = bodies.length > 0 && method !== 'get' && method !== 'delete';
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    ...(parameters.length > 0 && { parameters }),
    ...(takesBody && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: {
          'application/json': {
            schema: schemas.convert(body, 'input'),
            examples: Object.fromEntries(bodies.map((value, index) => [`example${index + 1}`, { value }])),
          },
        },
      },
    }),
    responses: { ...successResponses(row, schemas), ...errorResponses(codes, schemas) },
  };
}
