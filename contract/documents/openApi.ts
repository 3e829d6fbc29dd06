import { z } from 'zod';
import { BUCKETS } from '../buckets.js';
import { ENDPOINTS, ENDPOINT_NAMES, type EndpointName } from '../endpoints.js';
import { ERRORS, GENERAL_CODES, type ErrorCode } from '../errors.js';
import { exampleOfError, failureSchema } from './failures.js';
import { STREAMS, STREAM_NAMES, streamQuery, type StreamName } from '../streams.js';
import { createExampleContext } from './exampleContext.js';
import { answerSchema, JsonSchemas, type JsonSchema } from './jsonSchemas.js';
import { endpointSamples, type EndpointSample } from './samples.js';

/** Groups of endpoints by the first part of their path behind `/api/`. */
const TAGS: Readonly<Record<string, string>> = {
  chats: 'One-to-one chats',
  conversations: 'Conversations, members and messages',
  sync: 'Catching up after an absence',
  events: 'Server-Sent Events',
  unread: 'Unread counts',
  search: 'Search in messages',
  users: 'Profiles, privacy and restrictions',
  blocks: 'Blocked users',
  reports: 'Reports and moderation',
};

const tagOf = (path: string): string => path.split('/')[2] ?? '';
const toTemplate = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

const PARAM_NOTES: Readonly<Record<string, string>> = {
  conversationId: 'Id of the conversation.',
  seq: 'Sequence number of the message in its conversation.',
  emoji: 'One emoji, percent-encoded.',
  userId: 'Id of the user, as the app chose it; percent-encoded.',
  reportId: 'Id of the report.',
  cursor: '`nextCursor` (or `syncCursor`, for `sync`) of an earlier answer.',
  limit: 'Number of entries of the page.',
  before: 'Entries before this `seq`, newest page first.',
  after: 'Entries after this `seq`.',
  around: 'Entries on both sides of this `seq`.',
  ticket: 'Ticket of `POST /api/events/ticket`, instead of a token.',
  lastEventId: 'Position of the last event that was received.',
};

/** Parameters of a path or a query string. Their schemas describe the values that the texts stand for. */
function parametersOf(
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
function errorResponses(own: readonly ErrorCode[], schemas: JsonSchemas): Record<string, JsonSchema> {
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

function successResponses(name: EndpointName, schemas: JsonSchemas): Record<string, JsonSchema> {
  const { status, answer } = ENDPOINTS[name];
  const content = { 'application/json': { schema: answerSchema(schemas.convert(answer, 'output')) } };
  const responses = { [String(status)]: { description: status === 201 ? 'Created.' : 'Done.', content } };
  if (status !== 201 || !mayHaveExisted(answer)) return responses;
  return { '200': { description: 'It existed before; nothing was created.', content }, ...responses };
}

function operationOf(
  name: EndpointName,
  schemas: JsonSchemas,
  samples: readonly EndpointSample[],
): JsonSchema {
  const { method, path, params, query, body, codes, bucket, summary } = ENDPOINTS[name];
  const parameters = [
    ...parametersOf('path', schemas.convert(params, 'output'), samples),
    ...parametersOf('query', schemas.convert(query, 'output'), samples),
  ];
  const bodies = samples.flatMap((sample) => (sample.body === undefined ? [] : [sample.body]));
  const takesBody = bodies.length > 0 && method !== 'get' && method !== 'delete';
  return {
    operationId: name,
    tags: [tagOf(path)],
    summary,
    description: `Rate limit: bucket \`${bucket}\` (${BUCKETS[bucket].summary})`,
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
    responses: { ...successResponses(name, schemas), ...errorResponses(codes, schemas) },
  };
}

/** A stream of events: the answer has no JSON schema; its events are those of the AsyncAPI document. */
function streamOperation(name: StreamName, schemas: JsonSchemas): JsonSchema {
  const { path, params, codes, summary } = STREAMS[name];
  return {
    operationId: name,
    tags: [tagOf(path)],
    summary,
    parameters: [
      ...parametersOf('path', schemas.convert(params, 'output'), []),
      ...parametersOf('query', schemas.convert(streamQuery, 'output'), []),
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        description: 'Position of the last event that was received; newer than `lastEventId`.',
        schema: { type: 'string' },
      },
    ],
    responses: {
      '200': {
        description: 'Events until one side ends the stream.',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      ...errorResponses(codes, schemas),
    },
  };
}

/**
 * The OpenAPI 3.1 document of the HTTP API, made from the endpoints table: every endpoint with its parameters, bodies,
 * answers, error codes and examples. Pure; the same for the same contract.
 */
export function openApiDocument(version: string): JsonSchema {
  const schemas = new JsonSchemas();
  const samples = endpointSamples(createExampleContext());
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const name of ENDPOINT_NAMES) {
    const { method, path } = ENDPOINTS[name];
    const operations = (paths[toTemplate(path)] ??= {});
    operations[method] = operationOf(name, schemas, samples[name]);
  }
  for (const name of STREAM_NAMES) {
    const operations = (paths[toTemplate(STREAMS[name].path)] ??= {});
    operations['get'] = streamOperation(name, schemas);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Parley HTTP API',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'The HTTP API of a Parley chat server for its users. Every answer is `{success: true, data}` or `{success: false, error, code}`; the status follows the code. Answers may gain fields: ignore the ones that you do not know. Live events are described by the AsyncAPI document at `/api/asyncapi.json`.',
    },
    servers: [{ url: '/', description: 'The server that this document came from.' }],
    security: [{ bearerToken: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        bearerToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: "A token of the user, signed by the app's backend.",
        },
      },
    },
  };
}
