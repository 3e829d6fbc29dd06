import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import {
  ERRORS,
  STREAMS,
  STREAM_NAMES,
  streamQuery,
  type Failure,
  type StreamName,
} from '../../../contract/index.js';
import type { Config } from '../config.js';
import { send } from '../http/route.js';
import { countingBadTokens } from '../pipeline/badTokens.js';
import { toFailure, toInputError } from '../pipeline/failure.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import type { DatabaseTime } from '../services/runtime/index.js';
import type { Principal, StreamTickets, TokenVerifier } from '../services/users/index.js';
import { checkConnection, StreamConnection } from '../socket/connection/index.js';
import type { ChatServer } from '../socket/types.js';
import { AppError } from '../utils/appError.js';
import { bearerToken } from '../utils/bearerToken.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { addressOf } from '../utils/remoteAddress.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import { EventStream } from './eventStream.js';
import { StreamResponse } from './response.js';
import { CannotReplay, type Ask } from './replay.js';
import { beginSource } from './begin.js';

export interface StreamsDeps {
  config: Pick<Config, 'CORS_ORIGINS' | 'TRUST_PROXY' | 'MAX_SOCKETS'>;
  io: ChatServer;
  rateLimits: RateLimits;
  tokens: TokenVerifier;
  tickets: StreamTickets;
  time: DatabaseTime;
  metrics: Metrics;
  logger: Logger;
  log: ThrottledLog;
}

const lastEventHeader = z.string().max(12_000).optional();

/** Mounts the event streams: `GET` requests that are answered with Server-Sent Events until one side ends them. */
export function mountStreams(deps: StreamsDeps, router: Router): void {
  const open = new Set<StreamConnection>();
  for (const name of STREAM_NAMES) {
    router.get(STREAMS[name].path, (request, response) => {
      serve(deps, { name, request, response, open }).catch((error: unknown) => {
        refuse(response, toFailure(error, deps.log, { command: name }));
      });
    });
  }
}

interface StreamRequest {
  name: StreamName;
  request: Request;
  response: Response;
  open: Set<StreamConnection>;
}

async function serve(deps: StreamsDeps, { name, request, response, open }: StreamRequest): Promise<void> {
  const { io, time, logger } = deps;
  const input = parse(name, request);
  const principal = await identify(deps, request, input.ticket);
  const count = () => ({
    open: io.engine.clientsCount + open.size,
    authenticated: io.sockets.sockets.size,
  });
  const tooMany = await checkConnection({ ...deps, count }, request);
  if (tooMany !== undefined) throw tooMany;
  const output = new StreamResponse(response);
  const pushes = new EarlyPushes();
  const connection = connect(deps, { request, principal, output, pushes, open });
  const ask: Ask = (command, payload) => connection.ask(command, payload);
  const begin = beginSource({ ask, time, conversationId: input.conversationId });
  try {
    const refusal = await connection.connect();
    if (refusal !== undefined) {
      refuse(response, refusal);
      return;
    }
    const source = await begin(input.lastEventId);
    if (response.destroyed) return;
    output.begin();
    pushes.flow(
      new EventStream(source, {
        ask,
        write: (frame) => output.write(frame),
        ready: () => output.ready(),
        end: () => connection.close(),
        fresh: () => begin(undefined),
        logger,
      }),
    );
  } catch (error) {
    if (!(error instanceof CannotReplay)) throw error;
    throw new AppError(error.code, ERRORS[error.code].meaning);
  } finally {
    if (!response.headersSent || response.destroyed) connection.close();
  }
}

interface Joined {
  request: Request;
  principal: Principal;
  output: StreamResponse;
  pushes: EarlyPushes;
  open: Set<StreamConnection>;
}

/** Adds a connection to the socket server. It ends with the response, and the response with it. */
function connect({ io, metrics }: StreamsDeps, joined: Joined): StreamConnection {
  const { request, principal, output, pushes, open } = joined;
  const connection: StreamConnection = new StreamConnection(request, principal, {
    onEvent: (event, data) => {
      pushes.take(event, data);
    },
    onClosed: (discard) => {
      pushes.stop();
      open.delete(connection);
      metrics.openStreams.set(open.size);
      if (discard) output.destroy();
      else if (output.response.headersSent) output.end();
    },
    waitingBytes: () => output.waitingBytes,
  });
  output.response.on('close', () => {
    connection.close();
  });
  open.add(connection);
  metrics.openStreams.set(open.size);
  io.engine.emit('connection', connection);
  return connection;
}

/** Keeps the events that come before it is known where the stream begins. */
class EarlyPushes {
  readonly #early: [event: string, data: unknown][] = [];
  #stream: EventStream | undefined;

  take(event: string, data: unknown): void {
    if (this.#stream === undefined) this.#early.push([event, data]);
    else this.#stream.push(event, data);
  }

  /** Starts a stream. It takes the events so far and all later ones. */
  flow(stream: EventStream): void {
    this.#stream = stream;
    stream.start();
    for (const [event, data] of this.#early) stream.push(event, data);
  }

  stop(): void {
    this.#stream?.stop();
  }
}

/** @throws AppError `VALIDATION`. */
function parse(name: StreamName, request: Request) {
  const params = STREAMS[name].params.safeParse(request.params);
  const query = streamQuery.safeParse(request.query);
  const header = lastEventHeader.safeParse(request.headers['last-event-id']);
  if (!params.success) throw toInputError(params.error);
  if (!query.success) throw toInputError(query.error);
  if (!header.success) throw toInputError(header.error);
  const { ticket, lastEventId } = query.data;
  return {
    conversationId: 'conversationId' in params.data ? params.data.conversationId : undefined,
    ticket,
    // A reconnecting `EventSource` repeats its address and adds the header, which is newer.
    lastEventId: header.data ?? lastEventId,
  };
}

/** @throws AppError `UNAUTHENTICATED`, `TOKEN_EXPIRED`, `RATE_LIMITED` (too many bad tokens). */
async function identify(deps: StreamsDeps, request: Request, ticket: string | undefined): Promise<Principal> {
  const { tokens, tickets, rateLimits, config } = deps;
  const redeemed = ticket === undefined ? undefined : await tickets.redeem(ticket);
  return countingBadTokens(rateLimits, addressOf(request, config.TRUST_PROXY), () => {
    if (redeemed !== undefined) return redeemed;
    if (ticket !== undefined) throw new AppError('UNAUTHENTICATED', 'The ticket was used, or is too old.');
    const token = bearerToken(request.headers.authorization);
    if (token !== undefined) return tokens.verify(token);
    throw new AppError('UNAUTHENTICATED', 'Send Authorization: Bearer <token>, or ?ticket=.');
  });
}

function refuse(response: Response, failure: Failure): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else send(response, ERRORS[failure.code].status, failure);
}
