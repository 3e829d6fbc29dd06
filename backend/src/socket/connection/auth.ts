import { z } from 'zod';
import { token as tokenSchema, type Failure } from '../../../../contract/index.js';
import { countingBadTokens } from '../../pipeline/badTokens.js';
import { toFailure, toInputError } from '../../pipeline/failure.js';
import type { CommandGuard } from '../../pipeline/commandGuard.js';
import type { RateLimits } from '../../pipeline/rateLimits.js';
import type { Principal, TokenVerifier, UserDirectory } from '../../services/users/index.js';
import type { BlockDirectory } from '../../services/visibility/index.js';
import { AppError } from '../../utils/appError.js';
import { addressOf } from '../../utils/remoteAddress.js';
import type { ThrottledLog } from '../../utils/throttledLog.js';
import type { ChatSocket } from '../types.js';
import { streamOf } from './streamConnection.js';

export interface AuthDeps {
  tokens: TokenVerifier;
  users: UserDirectory;
  blocks: Pick<BlockDirectory, 'of'>;
  commandGuard: CommandGuard;
  rateLimits: RateLimits;
  /** Number of the operator's proxies in front of this server. */
  trustedProxies: number;
  log: ThrottledLog;
  /** Where old clients put their token, if they are served. */
  legacyTokenOf?: ((socket: ChatSocket) => unknown) | undefined;
}

/** A refused handshake. The client receives the failure with its code as `data` of `connect_error`. */
class RefusedHandshake extends Error {
  constructor(readonly data: Failure) {
    super(data.error);
  }
}

const handshake = z.object({ token: tokenSchema });

/**
 * Socket.IO middleware that authenticates a connection by `auth.token` of its handshake. No other client input
 * identifies a user.
 */
export function authenticate(deps: AuthDeps) {
  return (socket: ChatSocket, next: (refusal?: Error) => void): void => {
    admit(deps, socket).then(
      () => next(),
      (error: unknown) => next(new RefusedHandshake(toFailure(error, deps.log, { command: 'handshake' }))),
    );
  };
}

async function admit(deps: AuthDeps, socket: ChatSocket): Promise<void> {
  const { users, commandGuard, rateLimits, trustedProxies } = deps;
  const address = addressOf(socket.request, trustedProxies);
  const principal = await countingBadTokens(rateLimits, address, () => verify(deps, socket));
  await rateLimits.consume('session', principal.userId);
  await commandGuard.run(principal.userId, async () => {
    // Blocks must be loaded before the connection receives its first push.
    await Promise.all([users.ensureUser(principal), deps.blocks.of(principal.userId)]);
    await commandGuard.requireValid(principal);
  });
  socket.data.principal = principal;
  socket.data.address = address;
  socket.data.live = false;
  socket.data.underWay = 0;
  socket.data.refusals = 0;
}

function verify({ tokens, legacyTokenOf }: AuthDeps, socket: ChatSocket): Principal {
  const stream = streamOf(socket.conn);
  if (stream !== undefined) return stream.principal;
  const { auth } = socket.handshake;
  const parsed = handshake.safeParse('token' in auth ? auth : { token: legacyTokenOf?.(socket) });
  if (parsed.success) return tokens.verify(parsed.data.token);
  const { details } = toInputError(parsed.error);
  throw new AppError('UNAUTHENTICATED', 'The handshake needs auth.token.', details && { details });
}
