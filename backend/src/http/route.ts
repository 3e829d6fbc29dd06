import type { Request, Response, Router } from 'express';
import {
  ENDPOINTS,
  ERRORS,
  type Answer,
  type BucketName,
  type CommandName,
  type EndpointData,
  type EndpointInput,
  type EndpointName,
} from '../../../contract/index.js';
import type { CommandHandlers } from '../commands/types.js';
import type { AcceptedUrls } from '../pipeline/acceptedUrls.js';
import { countingBadTokens } from '../pipeline/badTokens.js';
import { toFailure } from '../pipeline/failure.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import type { Principal, TokenVerifier, UserDirectory } from '../services/users/index.js';
import { AppError } from '../utils/appError.js';
import { bearerToken } from '../utils/bearerToken.js';
import { monotonicMs } from '../utils/clock.js';
import type { Metrics } from '../utils/metrics.js';
import { addressOf } from '../utils/remoteAddress.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import { parseRequest } from './parseRequest.js';

export interface RouteDeps {
  pipeline: Pipeline;
  rateLimits: RateLimits;
  urls: AcceptedUrls;
  commands: CommandHandlers;
  /** Number of trusted reverse proxies in front of this server. */
  trustedProxies: number;
  tokens: TokenVerifier;
  users: UserDirectory;
  metrics: Metrics;
  log: ThrottledLog;
}

/** Produces the data of an answer from the parsed parts of a request. */
type Endpoint<Name extends EndpointName> = (
  principal: Principal,
  input: EndpointInput<Name>,
) => Promise<EndpointData<Name>>;

/** Commands with a handler for every entry point. */
type SharedCommand = keyof CommandHandlers & CommandName;

/** Mapping of an endpoint to the command that it runs. */
interface CommandRequest<Name extends EndpointName, Command extends SharedCommand> {
  name: Name;
  command: Command;
  /** Builds the command's payload, which is then parsed by the command's own schema. */
  toPayload: (input: EndpointInput<Name>, principal: Principal) => object;
}

/** Mounts an endpoint that runs no command. */
export function mount<Name extends EndpointName>(
  deps: RouteDeps,
  router: Router,
  { name, handle }: { name: Name; handle: Endpoint<Name> },
): void {
  route(deps, router, {
    name,
    work: async (principal, request) => {
      const input = parse(name, request);
      deps.urls.require(ENDPOINTS[name].body, input.body);
      return handle(principal, input);
    },
  });
}

/** Mounts an endpoint that runs a command. */
export function mountCommand<Name extends EndpointName, Command extends SharedCommand>(
  deps: RouteDeps,
  router: Router,
  { name, command, toPayload }: CommandRequest<Name, Command>,
): void {
  const { pipeline, commands } = deps;
  route(deps, router, {
    name,
    work: async (principal, request) => {
      const payload = toPayload(parse(name, request), principal);
      return pipeline.perform(command, { principal, payload }, ({ payload: parsed, sent }) =>
        commands[command](
          {
            principal,
            address: addressOf(request, deps.trustedProxies),
            ...(sent !== undefined && { sent }),
          },
          parsed,
        ),
      );
    },
  });
}

interface Route {
  name: EndpointName;
  work: (principal: Principal, request: Request) => Promise<object>;
}

function route(deps: RouteDeps, router: Router, { name, work }: Route): void {
  const { method, path } = ENDPOINTS[name];
  router[method](path, async (request, response) => {
    const startedMs = monotonicMs();
    const { bucket } = ENDPOINTS[name];
    const answer = await answerCall(deps, request, {
      ...{ name, bucket },
      work: (principal) => work(principal, request),
    });
    const code = answer.success ? 'OK' : answer.code;
    deps.metrics.httpSeconds.observe({ endpoint: name, code }, (monotonicMs() - startedMs) / 1_000);
    if ('redirects' in ENDPOINTS[name] && answer.success && 'url' in answer.data)
      response.setHeader('Location', String(answer.data.url));
    const status = answer.success
      ? statusOf(ENDPOINTS[name].status, answer.data)
      : ERRORS[answer.code].status;
    send(response, status, answer);
  });
}

/** Writes an answer. `retryAfterMs` is also sent as the `Retry-After` header, in seconds. */
export function send(response: Response, status: number, answer: Answer<unknown>): void {
  if (!answer.success && answer.retryAfterMs !== undefined) {
    response.setHeader('Retry-After', String(Math.ceil(answer.retryAfterMs / 1_000)));
  }
  response.status(status).json(answer);
}

/** Returns the endpoint's status, or 200 when the resource existed before and nothing was created. */
export function statusOf(status: number, data: object): number {
  const existed =
    ('created' in data && data.created === false) || ('duplicate' in data && data.duplicate === true);
  return existed ? 200 : status;
}

interface Call {
  /** Name in logs and failures. */
  name: string;
  bucket: BucketName;
  work: (principal: Principal) => Promise<object>;
}

/** Identifies the caller of a request, and answers it by the pipeline. */
export async function answerCall(
  deps: RouteDeps,
  request: Request,
  { name, bucket, work }: Call,
): Promise<Answer<object>> {
  let principal: Principal;
  try {
    principal = await identify(deps, request);
  } catch (error) {
    return toFailure(error, deps.log, { command: name });
  }
  return deps.pipeline.answer({
    name,
    principal,
    bucket,
    payload: request.body as unknown,
    prepare: () => deps.users.ensureUser(principal),
    work: () => work(principal),
  });
}

/** @throws AppError `UNAUTHENTICATED`, `TOKEN_EXPIRED`, `RATE_LIMITED` (too many bad tokens). */
function identify(deps: RouteDeps, request: Request): Promise<Principal> {
  const { tokens, rateLimits, trustedProxies } = deps;
  return countingBadTokens(rateLimits, addressOf(request, trustedProxies), () => verify(tokens, request));
}

function verify(tokens: TokenVerifier, request: Request): Principal {
  const token = bearerToken(request.headers.authorization);
  if (token === undefined) throw new AppError('UNAUTHENTICATED', 'Send Authorization: Bearer <token>.');
  return tokens.verify(token);
}

function parse<Name extends EndpointName>(name: Name, request: Request): EndpointInput<Name> {
  // Each part was parsed by the schema of this endpoint. The union over all endpoints cannot express that.
  return parseRequest(ENDPOINTS[name], request) as EndpointInput<Name>;
}
