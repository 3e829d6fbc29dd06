import { RETRY, type CommandName, type ErrorCode, type Goodbye } from '../wire/index.js';
import type { LinkAnswer } from './link.js';

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(RETRY, code);

/** Takes an acknowledgement as the contract describes it; anything else counts as a failure of the server. */
export function toAnswer<Name extends CommandName>(answer: unknown): LinkAnswer<Name> {
  if (isObject(answer) && typeof answer['success'] === 'boolean') {
    // The server's answer to this command: its types are compared with the contract by the compiler.
    return answer as unknown as LinkAnswer<Name>;
  }
  return { success: false, code: 'INTERNAL', error: 'This is no answer.' };
}

/** Why the server has refused a handshake. */
export interface Refusal {
  code: ErrorCode;
  retryAfterMs: number | undefined;
}

/** Reads the reason from Socket.IO's `connect_error`; undefined when the server was not reached. */
export function refusalIn(error: Error): Refusal | undefined {
  if (!('data' in error) || !isObject(error.data)) return undefined;
  const { code, retryAfterMs } = error.data;
  if (!isErrorCode(code)) return undefined;
  return { code, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined };
}

/** Reads `auth:expired`, `server:draining` and `connection:ended`. */
export const goodbyeIn = (data: unknown): Goodbye | undefined =>
  isObject(data) && typeof data['reconnect'] === 'boolean' ? (data as unknown as Goodbye) : undefined;
