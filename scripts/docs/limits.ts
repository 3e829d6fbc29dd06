import {
  BUCKETS,
  BUCKET_NAMES,
  CLOSE_CODES,
  CLOSE_CODE_NAMES,
  COMMANDS,
  COMMAND_NAMES,
  DROPPED_ABOVE,
  ENDPOINTS,
  ENDPOINT_NAMES,
  LIMITS,
  PUSHES,
  SERVER_ENDPOINTS,
  SERVER_ENDPOINT_NAMES,
  type BucketRule,
  type Rate,
} from '../../contract/index.js';
import { code, codes, head, NOTE, row } from './markdown.js';
import { QUEUES } from './queues.js';

const rateOf = ({ points, perSeconds }: Rate): string => `${points} in ${perSeconds} s`;
const numberOf = (value: number): string => value.toLocaleString('en-US');

function bucketRows(): string[] {
  return BUCKET_NAMES.map((name) => {
    const { burst }: BucketRule = BUCKETS[name];
    const { per, summary } = BUCKETS[name];
    const users = [
      ...COMMAND_NAMES.filter((command) => COMMANDS[command].bucket === name),
      ...ENDPOINT_NAMES.map((endpoint) => ENDPOINTS[endpoint])
        .filter(({ bucket }) => bucket === name)
        .map(({ method, path }) => `${method.toUpperCase()} ${path}`),
      // The server-side API has three buckets of its own for all its endpoints.
      ...(SERVER_ENDPOINT_NAMES.some((endpoint) => SERVER_ENDPOINTS[endpoint].bucket === name)
        ? ['/api/server/v1/…']
        : []),
    ];
    return row(code(name), rateOf(BUCKETS[name]), burst ? rateOf(burst) : '—', per, summary, codes(users));
  });
}

const closeRows = (): string[] =>
  CLOSE_CODE_NAMES.map((name) => {
    const { status, reconnect, afterMs, meaning } = CLOSE_CODES[name];
    const back = reconnect ? `after ${numberOf(afterMs)} ms` : 'no';
    return row(String(status), code(name), meaning, back);
  });

const dropRows = (): string[] =>
  Object.entries(DROPPED_ABOVE).map(([priority, share]) => {
    const events = Object.entries(PUSHES).filter(([, push]) => push.priority === priority);
    const above = `${numberOf(LIMITS.maxWaitingBytesPerSocket * share)} bytes`;
    const what = share < 1 ? 'dropped' : 'the connection is closed (`SLOW`)';
    return row(`above ${above}`, codes(events.map(([name]) => name)), what);
  });

const limitRows = (): string[] =>
  Object.entries(LIMITS).flatMap(([name, value]) =>
    typeof value === 'number'
      ? [row(code(name), numberOf(value))]
      : Object.entries(value).map(([part, size]) => row(code(`${name}.${part}`), numberOf(size))),
  );

/** Generates docs/limits.md: all limits that clients, users or a slow database can reach. */
export const limitsPage = (): string => `${NOTE}

# Limits

No flood of calls, no slow database and no client that stops reading can exhaust the server's memory or take it down. A
refused call is answered with a code. A call refused by a limit has changed nothing.

## Rate limits

Calls are counted before they run, in windows that begin with the first call. A repeated send counts like any other. Over
the limit the answer is \`RATE_LIMITED\` (429) with \`retryAfterMs\` (\`Retry-After\`). The same call passes after that time, and
the connection stays open. The burst is a reserve that is used when the rate is exhausted.

${head('bucket', 'rate', 'burst', 'per', 'what', 'events and endpoints')}
${bucketRows().join('\n')}

\`addStranger\` counts users, not calls. Users beyond the limit are listed in \`refused\`; the rest of the call is unaffected.

These are the limits in production; in development and tests they are ten times as high. \`RATE_LIMITS=off\` switches them off,
\`RATE_LIMITS=send=30/10s,open=20/60s\` changes some of them (\`send=10/1s+120/60s\`: with a burst).

- The user is taken from the verified token, the key is the API key of a backend. The address is the remote end of the connection (for IPv6 the /64 network) or,
  with \`TRUST_PROXY=n\`, the n-th from the right in \`X-Forwarded-For\`. **Set it behind a load balancer**: otherwise all
  users share one address.
- With Redis the limits apply across all processes. If Redis does not answer within 100 ms, the process counts on its own and
  asks Redis again after a second. During that time each process may let through up to the full limit; no call waits.
- \`connect\` is checked before the server stores anything for a connection; the refusal is HTTP 403. Beyond its limit a bad
  token is answered with \`RATE_LIMITED\` instead of \`UNAUTHENTICATED\`; valid tokens from the same address still work.

## Slow readers

The bytes waiting for one connection are bounded (\`SOCKET_MAX_WAITING_BYTES\`, ${numberOf(LIMITS.maxWaitingBytesPerSocket)} by default), pushes and answers together. The
bound is checked before each write:

${head('waiting', 'events', 'effect')}
${dropRows().join('\n')}

Answers are never dropped: at the bound the connection is closed instead. Above half of the bound, commands are refused
(\`RATE_LIMITED\`) until the client has read. One answer always fits, whatever its length, so a connection holds at most
the bound plus one answer. Why:
[decisions/0010](decisions/0010-slow-readers-are-ended.md).

## Close codes

${head('code', 'name', 'meaning', 'reconnect')}
${closeRows().join('\n')}

Socket.IO clients find the code in the details of \`disconnect\` (\`details.context.code\`). Except for \`SLOW\`, the push
\`connection:ended\` announces it first. A long-polling connection has no close code, and a connection that could not be
reached within 5 s is cut without one: reconnect as after any loss. After every reconnect, call \`sync\`.

## Connections and requests

| what                                       | bound                                          | beyond it                                          |
| ------------------------------------------ | ---------------------------------------------- | -------------------------------------------------- |
| connections of a process                   | \`MAX_SOCKETS\`, 50,000                          | refused                                            |
| of these, not yet authenticated            | 5,000, each for 10 s                           | refused; closed                                    |
| open connections of one user, per process  | \`MAX_SOCKETS_PER_USER\`, ${LIMITS.maxSocketsPerUser}                   | the oldest is closed (\`TOO_MANY_SOCKETS\`)          |
| commands in progress, per process          | \`MAX_COMMANDS_UNDER_WAY\`, 20,000               | \`UNAVAILABLE\`, \`retryAfterMs\`                      |
| commands in progress, per connection       | \`MAX_COMMANDS_PER_SOCKET\`, ${LIMITS.maxCommandsPerSocket}               | \`RATE_LIMITED\`, \`retryAfterMs\`                     |
| commands in progress, per user and process | \`MAX_COMMANDS_PER_USER\`, ${LIMITS.maxCommandsPerUser}, over sockets and HTTP | \`RATE_LIMITED\`, \`retryAfterMs\` |
| of these, running at a time                | \`MAX_COMMANDS_RUNNING_PER_USER\`, ${LIMITS.maxCommandsRunningPerUser} | wait for their turn, in order |
| time until a command is answered           | \`COMMAND_TIMEOUT_MS\`, 10 s | \`UNAVAILABLE\`, \`retryAfterMs\` |
| refused commands in a row, per connection  | ${numberOf(LIMITS.maxRefusalsInARow)}                                          | the connection is closed (\`FLOODING\`)              |
| headers of a request                       | 16 KiB, within 10 s                            | 431, 408                                           |
| a whole request                            | ${LIMITS.maxBodyBytes / 1024} KiB of body (${LIMITS.maxServerBodyBytes / 1024 / 1024} MiB with an API key), within 30 s | 413, 408                                           |
| an idle connection, kept for the next call | 65 s                                           | closed                                             |
| a response that the client does not read   | 70 s without a byte                            | closed                                             |
| a frame                                    | ${LIMITS.maxFrameBytes / 1024} KiB                                        | the connection is closed                           |

Sends, receipts, typing and token renewals do not wait for a turn: they are written in batches with bounds of their own. A
command that only reads (buckets \`read\`, \`sync\`, \`search\`, \`serverRead\`) is stopped when it times out: each of its database reads is
limited to the remaining time, and no further read starts. A command that writes is completed.
Why: [decisions/0023](decisions/0023-work-of-one-user-is-bounded.md).

When a user has too many connections, the oldest is closed and the newest is kept: the newest belongs to the device in use,
while the oldest may have been dead for a long time.

## Queues

Everything in the server that can hold work or data for later, with its bound.

${head('queue', 'bound', 'at the bound')}
${QUEUES.map(({ what, bound, beyond }) => row(what, bound, beyond)).join('\n')}

## Log lines

A line that a client can cause is written once per minute and user (or command), and at most 60 times per minute in total.
The next line contains the number of suppressed lines (\`suppressed\`). Errors of a client have no stack. Recurring errors of
the server are written ten times per minute and command.

## Sizes

${head('limit', 'value')}
${limitRows().join('\n')}

## Metrics

\`parley_rate_limited_total{bucket}\`, \`parley_dropped_pushes_total{event}\`, \`parley_slow_connections_closed_total\`,
\`parley_socket_max_buffered_bytes\`, \`parley_commit_waiting\`, \`parley_open_sockets\`, \`parley_revocation_seconds\`.
`;
