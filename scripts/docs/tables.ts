import { z } from 'zod';
import {
  COMMANDS,
  COMMAND_NAMES,
  ENDPOINTS,
  ENDPOINT_NAMES,
  ERRORS,
  ERROR_CODES,
  GENERAL_CODES,
  PUSHES,
  SERVER_ENDPOINTS,
  SERVER_ENDPOINT_NAMES,
  STREAMS,
  STREAM_NAMES,
} from '../../contract/index.js';
import { limitsPage } from './limits.js';
import { roundTripsPage } from './roundTrips.js';
import { code, codes, head, NOTE, row } from './markdown.js';
import { safetyPage } from './safety.js';

const EVERYWHERE = new Intl.ListFormat('en-GB').format(GENERAL_CODES.map(code));

type JsonSchema = Record<string, unknown>;
const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;

/** Returns the fields of an object in the notation of TypeScript: `{a, b?: …}`. */
function fieldsOf(schema: z.ZodType): string {
  const json: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const properties = isSchema(json) && isSchema(json['properties']) ? json['properties'] : {};
  const required = isSchema(json) && Array.isArray(json['required']) ? json['required'] : [];
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
  return names.length === 0 ? '' : code(`{${names.join(', ')}}`);
}

export function eventsPage(): string {
  const commands = COMMAND_NAMES.map((name) => {
    const { payload, answer, pair, codes: possible, bucket, repeatSafe, summary } = COMMANDS[name];
    const events = `${pair.ok === undefined ? '—' : code(pair.ok)} / ${code(pair.error)}`;
    return row(
      code(name),
      fieldsOf(payload),
      fieldsOf(answer),
      events,
      codes(possible),
      code(bucket),
      `${summary} Repeated: ${repeatSafe}.`,
    );
  });
  const pushes = Object.entries(PUSHES).map(([name, { data, priority, summary }]) =>
    row(code(name), fieldsOf(data), priority, summary),
  );
  return `${NOTE}

# Socket events

Connect with \`auth: {token}\`. Every answer is \`{success: true, data}\` or \`{success: false, error, code, details?, clientMessageId?,
retryAfterMs?}\`. With an acknowledgement callback the answer is passed to it; without one, it is sent as one of the two events in the table.

## From the client

In addition to the codes listed here, any command can be answered with ${EVERYWHERE}.

${head('event', 'payload', 'answer', 'without acknowledgement', 'codes', 'bucket', 'description')}
${commands.join('\n')}

An event that is not in the table is answered with \`NOT_FOUND\` (\`event:error\` without an acknowledgement).

The bucket is the rate limit that a command counts against ([limits](limits.md)). The server closes connections of clients that
do not read, open too many connections or ignore refusals, with a [close code](limits.md#close-codes).

## From the server

The priority decides which pushes are dropped first for a client that reads too slowly ([limits](limits.md#slow-readers)).

${head('event', 'data', 'priority', 'description')}
${pushes.join('\n')}
`;
}

export function httpPage(): string {
  const endpoints = ENDPOINT_NAMES.map((name) => {
    const { method, path, query, body, answer, codes: possible, bucket, summary } = ENDPOINTS[name];
    const input = [fieldsOf(query), fieldsOf(body)].filter((part) => part !== '').join(' ');
    const route = code(`${method.toUpperCase()} ${path}`);
    return row(route, input, fieldsOf(answer), codes(possible), code(bucket), summary);
  });
  return `${NOTE}

# HTTP

\`Authorization: Bearer <token>\`, JSON in both directions. Answers are those of the socket events; the status follows the code
([errors](errors.md)). In addition to the codes listed here, any endpoint can answer ${EVERYWHERE}.

${head('endpoint', 'query or body', 'data', 'codes', 'bucket', 'description')}
${endpoints.join('\n')}

## Event streams

Answered with \`text/event-stream\` ([events over HTTP](events-over-http.md)). Query: \`ticket\`, \`lastEventId\`.

${head('stream', 'codes', 'description')}
${STREAM_NAMES.map((name) => row(code(`GET ${STREAMS[name].path}`), codes(STREAMS[name].codes), STREAMS[name].summary)).join('\n')}

## Others

Without a token: \`GET /health/live\`, \`GET /health/ready\` (200, or 503 with the missing components), \`GET /metrics\`
(Prometheus; with \`Authorization: Bearer <METRICS_TOKEN>\` where one is set, else in production only from the same
machine), and in the demo \`GET /api/demo\` (demo users with tokens; their matches: \`/api/demo/matches\`). For machines:
\`GET /api/openapi.json\` (OpenAPI 3.1), \`GET /api/server/openapi.json\` (the [server-side API](server-api.md) for your backend)
and \`GET /api/asyncapi.json\` (AsyncAPI 3.0, the socket events); \`/docs\` shows all three in a browser, with nothing from
other hosts.
`;
}

export function serverApiPage(): string {
  const endpoints = SERVER_ENDPOINT_NAMES.map((name) => {
    const {
      method,
      path,
      query,
      body,
      answer,
      scope,
      codes: possible,
      bucket,
      repeatSafe,
      summary,
    } = SERVER_ENDPOINTS[name];
    const input = [fieldsOf(query), fieldsOf(body)].filter((part) => part !== '').join(' ');
    const route = code(`${method.toUpperCase()} ${path.replace('/api/server/v1', '')}`);
    const text = repeatSafe === undefined ? summary : `${summary} Repeated: ${repeatSafe}.`;
    return row(route, code(scope), input, fieldsOf(answer), codes(possible), code(bucket), text);
  });
  return `${NOTE}

# Server-side API

For the app's own backend ([backend.md](backend.md)), under \`/api/server/v1\`. \`Authorization: Bearer <API key>\`, JSON in both
directions. Calls with a note on repeats take the header \`Idempotency-Key\`. In addition to the codes listed here, any endpoint can
answer ${EVERYWHERE}, \`FORBIDDEN\` (the key does not have the scope), and \`CONFLICT\` for an \`Idempotency-Key\` that was used for
another call.

${head('endpoint', 'scope', 'query or body', 'data', 'codes', 'bucket', 'description')}
${endpoints.join('\n')}
`;
}

export function errorsPage(): string {
  const advice = {
    same: 'retry with the same `clientMessageId`',
    later: 'retry after `retryAfterMs`',
    auth: 'get a new token first',
    never: 'change the request',
  } as const;
  const rows = ERROR_CODES.map((name) => {
    const { status, retry, meaning } = ERRORS[name];
    return row(code(name), String(status), meaning, advice[retry]);
  });
  return `${NOTE}

# Error codes

${head('code', 'HTTP', 'meaning', 'client action')}
${rows.join('\n')}
`;
}

/** Generators of all generated pages, by file. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/events.md': eventsPage,
  'docs/http.md': httpPage,
  'docs/errors.md': errorsPage,
  'docs/limits.md': limitsPage,
  'docs/round-trips.md': roundTripsPage,
  'docs/safety.md': safetyPage,
  'docs/server-api.md': serverApiPage,
};
