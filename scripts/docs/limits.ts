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
    const what = share < 1 ? 'left out' : 'the connection ends (`SLOW`)';
    return row(`above ${above}`, codes(events.map(([name]) => name)), what);
  });

const limitRows = (): string[] =>
  Object.entries(LIMITS).flatMap(([name, value]) =>
    typeof value === 'number'
      ? [row(code(name), numberOf(value))]
      : Object.entries(value).map(([part, size]) => row(code(`${name}.${part}`), numberOf(size))),
  );

/** Every bound a client, a person or a slow database can meet. */
export const limitsPage = (): string => `${NOTE}

# Limits

No flood, no slow database and no client that does not read may take the server down or make its memory grow. What is
refused is answered with a code; what was refused by a limit has changed nothing.

## Rate limits

Counted before the work, in windows that begin with the first call; a repeated send counts like any other. Over the limit
the answer is \`RATE_LIMITED\` (429) with \`retryAfterMs\` (\`Retry-After\`): the same call passes after that time, and the
connection stays. The burst is a reserve on top of the rate, drawn from when the rate is used up.

${head('bucket', 'rate', 'burst', 'per', 'what', 'events and endpoints')}
${bucketRows().join('\n')}

These are production's; in development and tests there is ten times as much. \`RATE_LIMITS=off\` switches them off,
\`RATE_LIMITS=send=30/10s,open=20/60s\` changes some (\`send=10/1s+120/60s\`: with a burst).

- The user is the one of the verified token. An address is the other end of the connection (of IPv6 the /64 network) or,
  with \`TRUST_PROXY=n\`, the n-th from the right in \`X-Forwarded-For\`. **Behind a load balancer set it**: otherwise all
  your users share one address.
- With Redis the limits hold over all processes. When it has not answered within 100 ms, the process counts for itself,
  and asks Redis again a second later: a limit may then let through as much on each process, and nothing waits.
- \`connect\` is judged before anything is kept for a connection: it is refused with HTTP 403. A bad token is answered
  \`RATE_LIMITED\` instead of \`UNAUTHENTICATED\` beyond its limit; good ones from the same address go on.

## Clients that do not read

What waits for one connection is bounded (\`SOCKET_MAX_WAITING_BYTES\`, ${numberOf(LIMITS.maxWaitingBytesPerSocket)} by default), pushes and answers together. Looked at
before each write:

${head('what waits', 'event', 'what happens')}
${dropRows().join('\n')}

Answers count as durable. Above half of the bound commands are refused (\`RATE_LIMITED\`) until the client has read. One
answer always fits, however long, so a connection holds at most the bound and one answer. Why:
[decisions/0010](decisions/0010-slow-readers-are-ended.md).

## Close codes

${head('code', 'name', 'meaning', 'come back')}
${closeRows().join('\n')}

A client of Socket.IO finds the code in the details of \`disconnect\` (\`details.context.code\`). Except for \`SLOW\`, the push
\`connection:ended\` says the same before. A connection that polls has no close code, and one that could not be reached
within 5 s is cut without: then come back as after any loss. After any return, \`sync\`.

## Connections and requests

| what                                       | bound                                          | beyond it                                          |
| ------------------------------------------ | ---------------------------------------------- | -------------------------------------------------- |
| connections of a process                   | \`MAX_SOCKETS\`, 50,000                          | refused                                            |
| of those, not yet authenticated            | 5,000, each for 10 s                           | refused; closed                                    |
| live connections of one user, per process  | \`MAX_SOCKETS_PER_USER\`, ${LIMITS.maxSocketsPerUser}                   | the oldest ends (\`TOO_MANY_SOCKETS\`)               |
| commands under way, per process            | \`MAX_COMMANDS_UNDER_WAY\`, 20,000               | \`UNAVAILABLE\`, \`retryAfterMs\`                      |
| commands under way, per connection         | \`MAX_COMMANDS_PER_SOCKET\`, ${LIMITS.maxCommandsPerSocket}               | \`RATE_LIMITED\`, \`retryAfterMs\`                     |
| refused commands in a row, per connection  | ${numberOf(LIMITS.maxRefusalsInARow)}                                          | the connection ends (\`FLOODING\`)                   |
| headers of a request                       | 16 KiB, within 10 s                            | 431, 408                                           |
| a whole request                            | ${LIMITS.maxBodyBytes / 1024} KiB of body, within 30 s                | 413, 408                                           |
| an idle connection, kept for the next call | 65 s                                           | closed                                             |
| a response that nobody reads               | 70 s without a byte                            | closed                                             |
| a frame                                    | ${LIMITS.maxFrameBytes / 1024} KiB                                        | the connection ends                                |

The oldest connection of a user ends, not the newest refused: the newest is the device in somebody's hand, the oldest may
have died long ago without anybody noticing.

## Queues

Everything in the server that can hold something for later, and why it cannot grow without end.

${head('what', 'bound', 'beyond it')}
${QUEUES.map(({ what, bound, beyond }) => row(what, bound, beyond)).join('\n')}

## Sizes

${head('limit', 'value')}
${limitRows().join('\n')}

## Watched

\`parley_rate_limited_total{bucket}\`, \`parley_dropped_pushes_total{event}\`, \`parley_slow_connections_closed_total\`,
\`parley_largest_waiting_bytes\`, \`parley_commit_waiting\`, \`parley_open_sockets\`, \`parley_revocation_seconds\`.
`;
