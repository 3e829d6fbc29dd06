import { BUCKETS } from '../buckets.js';
import { ENDPOINTS, ENDPOINT_NAMES } from '../endpoints.js';
import { STREAMS, STREAM_NAMES, streamQuery, type StreamName } from '../streams.js';
import { createExampleContext } from './exampleContext.js';
import { JsonSchemas, type JsonSchema } from './jsonSchemas.js';
import { errorResponses, operationOf, parametersOf, toTemplate } from './operations.js';
import { endpointSamples } from './samples.js';

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
    const row = ENDPOINTS[name];
    const operations = (paths[toTemplate(row.path)] ??= {});
    const description = `Rate limit: bucket \`${row.bucket}\` (${BUCKETS[row.bucket].summary})`;
    operations[row.method] = operationOf(
      row,
      { operationId: name, tag: tagOf(row.path), summary: row.summary, description },
      { schemas, samples: samples[name] },
    );
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
