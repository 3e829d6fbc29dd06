import { z } from 'zod';
import { token as tokenSchema, type Failure } from '../../../contract/index.js';
import { countingBadTokens } from '../pipeline/badTokens.js';
import { toFailure, toInputError } from '../pipeline/failure.js';
import type { Gate } from '../pipeline/gate.js';
import type { RateLimits } from '../pipeline/rateLimits.js';
import type { Principal, TokenVerifier } from '../services/tokens.js';
import type { BlockDirectory } from '../services/safety/blockDirectory.js';
import type { UserDirectory } from '../services/userDirectory.js';
import { AppError } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import { addressOf } from '../utils/remoteAddress.js';
import type { ChatSocket } from './types.js';

export interface AuthParts {
  tokens: TokenVerifier;
  users: UserDirectory;
  blocks: Pick<BlockDirectory, 'of'>;
  gate: Gate;
  rateLimits: RateLimits;
  /** Proxies of the operator in front of this server. */
  trustedProxies: number;
  logger: Logger;
  /** Where old clients put their token, if they are served. */
  oldTokenOf?: ((socket: ChatSocket) => unknown) | undefined;
}

/** A refused handshake: the client finds the failure, with its code, in `connect_error`'s `data`. */
class RefusedHandshake extends Error {
  constructor(readonly data: Failure) {
    super(data.error);
  }
}

const handshake = z.object({ token: tokenSchema });

/** Lets a connection in, by the token in `auth.token` of its handshake: who somebody is comes from there alone. */
export function authenticate(parts: AuthParts) {
  return (socket: ChatSocket, next: (refusal?: Error) => void): void => {
    admit(parts, socket).then(
      () => next(),
      (error: unknown) =>
        next(new RefusedHandshake(toFailure(error, parts.logger, { command: 'handshake' }))),
    );
  };
}

async function admit(parts: AuthParts, socket: ChatSocket): Promise<void> {
  const { users, gate, rateLimits, trustedProxies } = parts;
  const address = addressOf(socket.request, trustedProxies);
  const principal = await countingBadTokens(rateLimits, address, () => verify(parts, socket));
  await rateLimits.consume('session', principal.userId);
  await gate.run(async () => {
    // What a connection may hear has to be known before it hears anything.
    await Promise.all([users.welcome(principal), parts.blocks.of(principal.userId)]);
    await gate.requireValid(principal);
  });
  socket.data.principal = principal;
  socket.data.live = false;
  socket.data.underWay = 0;
  socket.data.refusals = 0;
}

function verify({ tokens, oldTokenOf }: AuthParts, socket: ChatSocket): Principal {
  const { auth } = socket.handshake;
  const parsed = handshake.safeParse('token' in auth ? auth : { token: oldTokenOf?.(socket) });
  if (parsed.success) return tokens.verify(parsed.data.token);
  const { details } = toInputError(parsed.error);
  throw new AppError('UNAUTHENTICATED', 'The handshake needs auth.token.', details && { details });
}
