import { ERRORS, LIMITS, type Answer } from '../../../../contract/index.js';
import { rateLimited } from '../../utils/appError.js';
import type { BackPressure } from './backPressure.js';
import { endWithNotice } from './endConnection.js';
import type { ChatSocket } from '../types.js';

/** Retry delay for a connection with too many commands under way or too many unread answers, in ms. */
const RETRY_AFTER_MS = 1_000;

/**
 * Limits per connection. A refused command has not been executed, so the client may repeat it later. A connection that
 * keeps being refused is closed, because each refusal has a cost as well.
 */
export class CommandLimits {
  constructor(
    readonly backPressure: BackPressure,
    /** Maximum commands of one connection under way at a time. */
    readonly maxUnderWay: number,
  ) {}

  /** Runs a command of a connection. @throws AppError `RATE_LIMITED`, and the errors of the command. */
  async run<T>(socket: ChatSocket, command: () => Promise<T>): Promise<T> {
    if (socket.data.underWay >= this.maxUnderWay) {
      throw rateLimited('Too many commands of this connection are under way.', RETRY_AFTER_MS);
    }
    if (this.backPressure.isBehind(socket)) {
      throw rateLimited('This connection has too many unread answers.', RETRY_AFTER_MS);
    }
    socket.data.underWay += 1;
    try {
      return await command();
    } finally {
      socket.data.underWay -= 1;
    }
  }

  /** True when an answer may be written. Closes a connection that does not read its answers, or that floods. */
  mayAnswer(socket: ChatSocket, answer: Answer<unknown>): boolean {
    if (!this.backPressure.mayWrite(socket, 'durable')) return false;
    if (answer.success) socket.data.refusals = 0;
    else if (ERRORS[answer.code].retry !== 'same') socket.data.refusals += 1;
    if (socket.data.refusals <= LIMITS.maxRefusalsInARow || !socket.connected) return true;
    // A client that does not read its answers would not read a notice either.
    if (this.backPressure.isBehind(socket)) this.backPressure.end(socket);
    else endWithNotice(socket, 'FLOODING');
    return false;
  }
}
