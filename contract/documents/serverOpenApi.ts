import { BUCKETS } from '../buckets.js';
import { LIMITS } from '../limits.js';
import { idempotencyKey, SERVER_ENDPOINTS, SERVER_ENDPOINT_NAMES } from '../server/endpoints.js';
import { createExampleContext } from './exampleContext.js';
import { JsonSchemas, type JsonSchema } from './jsonSchemas.js';
import { operationOf, toTemplate } from './operations.js';
import { serverSamples } from './serverSamples.js';

/** Groups of endpoints by the first part of their path behind `/api/server/v1/`. */
const TAGS: Readonly<Record<string, string>> = {
  users: 'Users: profiles, bans, tokens, restrictions',
  conversations: 'Conversations, members and messages',
  reports: 'Reports',
  audit: 'The audit log',
};

const tagOf = (path: string): string => path.split('/')[4] ?? '';

const keyHeader = (schemas: JsonSchemas): JsonSchema => ({
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A name for this call. A repeat with the same key is answered with the first answer for 24 hours (header `Idempotent-Replayed: true`). The same key with another route or input: `CONFLICT`.',
  schema: schemas.convert(idempotencyKey, 'input'),
  example: 'match-17',
});

/** Returns the operations of all endpoints, by path and method. */
function pathsOf(schemas: JsonSchemas): Record<string, Record<string, JsonSchema>> {
  const samples = serverSamples(createExampleContext());
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const name of SERVER_ENDPOINT_NAMES) {
    const row = SERVER_ENDPOINTS[name];
    const { path, method, summary, scope, bucket, repeatSafe } = row;
    const description = [
      `Scope: \`${scope}\`. Rate limit: bucket \`${bucket}\` (${BUCKETS[bucket].summary})`,
      ...(repeatSafe === undefined ? [] : [`Repeating it is safe: ${repeatSafe}.`]),
    ].join('\n\n');
    // The failures of a keyed call include a conflict of the key.
    const codes =
      repeatSafe === undefined ? ['FORBIDDEN', ...row.codes] : ['FORBIDDEN', 'CONFLICT', ...row.codes];
    const operations = (paths[toTemplate(path)] ??= {});
    operations[method] = operationOf(
      { ...row, codes: codes as (typeof row.codes)[number][] },
      {
        operationId: name,
        tag: tagOf(path),
        summary,
        description,
        ...(repeatSafe !== undefined && { headers: [keyHeader(schemas)] }),
      },
      { schemas, samples: samples[name] },
    );
  }
  return paths;
}

/**
 * The OpenAPI 3.1 document of the server-side API, made from its table. It is a document of its own: clients of users have
 * no use for it, and are generated from `openApiDocument` alone. Pure; the same for the same contract.
 */
export function serverOpenApiDocument(version: string): JsonSchema {
  const schemas = new JsonSchemas();
  const paths = pathsOf(schemas);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Parley server-side API',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description: `The API of a Parley chat server for the app's own backend, with API keys (\`npm run keys\`). Every answer is \`{success: true, data}\` or \`{success: false, error, code}\`; the status follows the code. Answers may gain fields: ignore the ones that you do not know. Bodies have at most ${LIMITS.maxServerBodyBytes / 1024 / 1024} MiB. The API for users is described by \`/api/openapi.json\`.`,
    },
    servers: [{ url: '/', description: 'The server that this document came from.' }],
    security: [{ apiKey: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key: `parley_<id>_<secret>`. Never put one into an app. User tokens are refused.',
        },
      },
    },
  };
}
