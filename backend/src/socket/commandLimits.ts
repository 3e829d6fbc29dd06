import { ERRORS, LIMITS, type Answer } from '../../../contract/index.js';
import { rateLimited } from '../utils/appError.js';
import type { BackPressure } from './backPressure.js';
import { endWithGoodbye } from './endConnection.js';
import type { ChatSocket } from './types.js';

/** A connection that has too much to do, or to read, may ask again after this long, in ms. */
const RETRY_AFTER_MS = 1_000;

/**
 * What one connection may ask of the server at a time. Refused here, nothing has been done: the client asks again
 * later. Who goes on and on in spite of being refused is ended: each refusal costs the server something, too.
 */
export class CommandLimits {
  constructor(
    readonly backPressure: BackPressure,
    /** Commands of one connection under way at a time. */
    readonly maxUnderWay: number,
  ) {}

  /** Runs a command of a connection. @throws AppError `RATE_LIMITED`, and what the command throws. */
  async run<T>(socket: ChatSocket, command: () => Promise<T>): Promise<T> {
    if (socket.data.underWay >= this.maxUnderWay) {
      throw rateLimited('Too many commands of this connection are under way.', RETRY_AFTER_MS);
    }
    if (this.backPressure.isBehind(socket)) {
      throw rateLimited('Too many answers wait to be read by this connection.', RETRY_AFTER_MS);
    }
    socket.data.underWay += 1;
    try {
      return await command();
    } finally {
      socket.data.underWay -= 1;
    }
  }

  /** Whether an answer may be written; a connection that does not read its answers, or floods, is ended. */
  mayAnswer(socket: ChatSocket, answer: Answer<unknown>): boolean {
    if (!this.backPressure.mayWrite(socket, 'durable')) return false;
    if (answer.success) socket.data.refusals = 0;
    else if (ERRORS[answer.code].retry !== 'same') socket.data.refusals += 1;
    if (socket.data.refusals <= LIMITS.maxRefusalsInARow || !socket.connected) return true;
    // Who asks on and on and reads no answer would not read a goodbye either.
    if (this.backPressure.isBehind(socket)) this.backPressure.end(socket);
    else endWithGoodbye(socket, 'FLOODING');
    return false;
  }
}
