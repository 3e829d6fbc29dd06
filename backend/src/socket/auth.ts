import { z } from 'zod';
import { token as tokenSchema, type Failure } from '../../../contract/index.js';
import { toFailure, toInputError } from '../pipeline/failure.js';
import type { Gate } from '../pipeline/gate.js';
import type { TokenVerifier } from '../services/tokens.js';
import type { UserDirectory } from '../services/userDirectory.js';
import { AppError } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import type { ChatSocket } from './types.js';

export interface AuthParts {
  tokens: TokenVerifier;
  users: UserDirectory;
  gate: Gate;
  logger: Logger;
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

async function admit({ tokens, users, gate }: AuthParts, socket: ChatSocket): Promise<void> {
  const parsed = handshake.safeParse(socket.handshake.auth);
  if (!parsed.success) {
    const { details } = toInputError(parsed.error);
    throw new AppError('UNAUTHENTICATED', 'The handshake needs auth.token.', details && { details });
  }
  const principal = tokens.verify(parsed.data.token);
  await gate.run(async () => {
    await users.welcome(principal);
    await gate.requireValid(principal);
  });
  socket.data.principal = principal;
  socket.data.live = false;
}
