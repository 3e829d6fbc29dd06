import { hash } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { v4 as uuid } from 'uuid';
import {
  ERRORS,
  idempotencyKey,
  LIMITS,
  SERVER_ENDPOINT_NAMES,
  SERVER_ENDPOINTS,
  storedUserId,
  type Answer,
  type ServerEndpointInput,
  type ServerEndpointName,
} from '../../../contract/index.js';
import type { ServerHandlers } from '../commands/server/index.js';
import type { AcceptedUrls } from '../pipeline/acceptedUrls.js';
import { countingBadTokens } from '../pipeline/badTokens.js';
import { toFailure } from '../pipeline/failure.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import type {
  ApiKeyDirectory,
  AuditLog,
  IdempotentCalls,
  KeyPrincipal,
} from '../services/backendAccess/index.js';
import { AppError } from '../utils/appError.js';
import { bearerToken } from '../utils/bearerToken.js';
import { monotonicMs } from '../utils/clock.js';
import type { Metrics } from '../utils/metrics.js';
import { addressOf } from '../utils/remoteAddress.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import { createdBy, targetsOf } from './auditTargets.js';
import { parseRequest } from './parseRequest.js';
import { send, statusOf } from './route.js';

export interface ServerRouteDeps {
  pipeline: Pipeline;
  rateLimits: RateLimits;
  urls: AcceptedUrls;
  serverCommands: ServerHandlers;
  apiKeys: ApiKeyDirectory;
  audit: AuditLog;
  idempotentCalls: IdempotentCalls;
  /** Number of trusted reverse proxies in front of this server. */
  trustedProxies: number;
  metrics: Metrics;
  log: ThrottledLog;
}

/** Header of an answer that was given before. */
const REPLAYED = 'Idempotent-Replayed';

/**
 * Mounts the server-side API. A request is authenticated before its body is read: bodies are larger here than those of
 * users. Mounted before the body parser of the other routes.
 */
export function mountServerApi(router: Router, deps: ServerRouteDeps): void {
  const callers = new WeakMap<Request, KeyPrincipal>();
  const readBody = express.json({ limit: LIMITS.maxServerBodyBytes });
  for (const name of SERVER_ENDPOINT_NAMES) {
    const { method, path } = SERVER_ENDPOINTS[name];
    const observe = (startedMs: number, code: string): void =>
      deps.metrics.httpSeconds.observe(
        { endpoint: `server:${name}`, code },
        (monotonicMs() - startedMs) / 1_000,
      );
    const authenticate: RequestHandler = async (request, response, next) => {
      const startedMs = monotonicMs();
      try {
        callers.set(request, await identify(deps, request));
        next();
      } catch (error) {
        const failure = toFailure(error, deps.log, { command: name });
        observe(startedMs, failure.code);
        send(response, ERRORS[failure.code].status, failure);
      }
    };
    router[method](path, authenticate, readBody, async (request, response) => {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error('a request of the server-side API was not authenticated');
      const startedMs = monotonicMs();
      const answer = await run(deps, { name, caller, request, response });
      observe(startedMs, answer.success ? 'OK' : answer.code);
      const status = answer.success
        ? statusOf(SERVER_ENDPOINTS[name].status, answer.data)
        : ERRORS[answer.code].status;
      send(response, status, answer);
    });
  }
}

/** @throws AppError `UNAUTHENTICATED`, `RATE_LIMITED` (too many bad keys), `UNAVAILABLE`. */
function identify(
  { apiKeys, rateLimits, trustedProxies }: ServerRouteDeps,
  request: Request,
): Promise<KeyPrincipal> {
  return countingBadTokens(rateLimits, addressOf(request, trustedProxies), () =>
    apiKeys.verify(bearerToken(request.headers.authorization) ?? ''),
  );
}

interface Call<Name extends ServerEndpointName> {
  name: Name;
  caller: KeyPrincipal;
  request: Request;
  response: Response;
}

function run<Name extends ServerEndpointName>(
  deps: ServerRouteDeps,
  call: Call<Name>,
): Promise<Answer<object>> {
  const { name, caller, request } = call;
  const row = SERVER_ENDPOINTS[name];
  return deps.pipeline.answer<object>({
    name,
    // Names the caller for the limits. A key has no token, so `requireValid` replaces the check of one.
    principal: { userId: storedUserId.parse(`key:${caller.keyId}`), issuedAtMs: 0, expiresAtMs: Infinity },
    bucket: row.bucket,
    payload: request.body as unknown,
    requireValid: async () => {
      await deps.apiKeys.requireValid(caller.keyId);
      if (caller.scopes.includes(row.scope)) return;
      throw new AppError('FORBIDDEN', `This API key does not have the scope "${row.scope}".`);
    },
    work: () => work(deps, call),
  });
}

async function work<Name extends ServerEndpointName>(
  deps: ServerRouteDeps,
  { name, caller, request, response }: Call<Name>,
): Promise<object> {
  const row = SERVER_ENDPOINTS[name];
  const input = parse(name, request);
  deps.urls.require(row.body, input.body);
  const key = row.repeatSafe === undefined ? undefined : keyOf(request);
  const newId = key === undefined ? uuid() : idFor(caller.name, key);
  const handle = (): Promise<object> => deps.serverCommands[name]({ ...input, newId });
  const act = row.isAudited
    ? () =>
        deps.audit.record<object>(
          {
            actor: { kind: 'key', id: caller.keyId, name: caller.name },
            action: name,
            from: addressOf(request, deps.trustedProxies),
            targets: targetsOf(input),
          },
          handle,
          createdBy,
        )
    : handle;
  if (key === undefined) return act();
  const { data, isRepeated } = await deps.idempotentCalls.run(
    { caller: caller.name, key, input: [name, input] },
    act,
  );
  if (isRepeated) response.setHeader(REPLAYED, 'true');
  return data;
}

/** @throws AppError `VALIDATION`. */
function keyOf(request: Request): string | undefined {
  const parsed = idempotencyKey.optional().safeParse(request.headers['idempotency-key']);
  if (parsed.success) return parsed.data;
  throw new AppError('VALIDATION', 'The header Idempotency-Key is not valid.', {
    details: [{ path: 'Idempotency-Key', rule: parsed.error.issues[0]?.message ?? 'is not valid' }],
  });
}

/** Returns the id of what a call creates. It follows from the key, so that a repeat after a crash finds it. */
const idFor = (caller: string, key: string): string =>
  `key-${hash('sha256', `${caller}\n${key}`, 'base64url')}`;

function parse<Name extends ServerEndpointName>(name: Name, request: Request): ServerEndpointInput<Name> {
  // Each part was parsed by the schema of this endpoint. The union over all endpoints cannot express that.
  return parseRequest(SERVER_ENDPOINTS[name], request) as ServerEndpointInput<Name>;
}
