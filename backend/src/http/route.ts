import type { Request, Response, Router } from 'express';
import {
  ENDPOINTS,
  ERRORS,
  type Answer,
  type EndpointData,
  type EndpointInput,
  type EndpointName,
} from '../../../contract/index.js';
import { countingBadTokens } from '../pipeline/badTokens.js';
import { toFailure, toInputError, withMessageId } from '../pipeline/failure.js';
import type { Gate } from '../pipeline/gate.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import type { Principal, TokenVerifier } from '../services/tokens.js';
import type { UserDirectory } from '../services/userDirectory.js';
import { AppError } from '../utils/appError.js';
import { monotonicMs } from '../utils/clock.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { addressOf } from '../utils/remoteAddress.js';

export interface RouteParts {
  gate: Gate;
  rateLimits: RateLimits;
  /** Proxies of the operator in front of this server. */
  trustedProxies: number;
  tokens: TokenVerifier;
  users: UserDirectory;
  metrics: Metrics;
  logger: Logger;
}

/** What an endpoint answers, and with which status where it is not 200. */
export interface Reply<Data> {
  data: Data;
  status?: number;
}

export type Endpoint<Name extends EndpointName> = (
  principal: Principal,
  input: EndpointInput<Name>,
) => Promise<Reply<EndpointData<Name>>>;

const BEARER = /^Bearer (\S+)$/;

/** Mounts a row of the endpoints table: the same pipeline as a socket's commands. */
export function mount<Name extends EndpointName>(
  parts: RouteParts,
  router: Router,
  { name, handle }: { name: Name; handle: Endpoint<Name> },
): void {
  const { method, path } = ENDPOINTS[name];
  router[method](path, async (request, response) => {
    const startedMs = monotonicMs();
    const { answer, status } = await run(parts, request, { name, handle });
    const code = answer.success ? 'OK' : answer.code;
    parts.metrics.httpSeconds.observe({ endpoint: name, code }, (monotonicMs() - startedMs) / 1_000);
    send(response, status, answer);
  });
}

/** Writes an answer; one that says when to come back says it in the header, too. */
export function send(response: Response, status: number, answer: Answer<unknown>): void {
  if (!answer.success && answer.retryAfterMs !== undefined) {
    response.setHeader('Retry-After', String(Math.ceil(answer.retryAfterMs / 1_000)));
  }
  response.status(status).json(answer);
}

async function run<Name extends EndpointName>(
  parts: RouteParts,
  request: Request,
  { name, handle }: { name: Name; handle: Endpoint<Name> },
): Promise<{ answer: Answer<EndpointData<Name>>; status: number }> {
  try {
    const reply = await parts.gate.run(async () => {
      const principal = await identify(parts, request);
      await parts.rateLimits.consume(ENDPOINTS[name].bucket, principal.userId);
      return handle(principal, parse(name, request));
    });
    return { answer: { success: true, data: reply.data }, status: reply.status ?? 200 };
  } catch (error) {
    const failure = withMessageId(toFailure(error, parts.logger, { command: name }), request.body);
    return { answer: failure, status: ERRORS[failure.code].status };
  }
}

/** @throws AppError `UNAUTHENTICATED`, `TOKEN_EXPIRED`, `UNAVAILABLE`, `RATE_LIMITED` (too many bad tokens). */
async function identify(parts: RouteParts, request: Request): Promise<Principal> {
  const { users, gate, rateLimits, trustedProxies } = parts;
  const principal = await countingBadTokens(rateLimits, addressOf(request, trustedProxies), () =>
    verify(parts.tokens, request),
  );
  await users.welcome(principal);
  await gate.requireValid(principal);
  return principal;
}

function verify(tokens: TokenVerifier, request: Request): Principal {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new AppError('UNAUTHENTICATED', 'Send Authorization: Bearer <token>.');
  return tokens.verify(token);
}

function parse<Name extends EndpointName>(name: Name, request: Request): EndpointInput<Name> {
  const row = ENDPOINTS[name];
  const params = row.params.safeParse(request.params);
  const query = row.query.safeParse(request.query);
  const body = row.body.safeParse(request.body);
  if (!params.success) throw toInputError(params.error);
  if (!query.success) throw toInputError(query.error);
  if (!body.success) throw toInputError(body.error);
  // Each part was parsed by its row; a union over all rows cannot express which.
  return { params: params.data, query: query.data, body: body.data } as EndpointInput<Name>;
}
