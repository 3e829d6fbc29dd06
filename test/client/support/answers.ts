import { vi } from 'vitest';
import type { Ask, AskOptions, LinkAnswer } from '../../../packages/client/src/connection/link.js';
import type { CommandData, CommandName, ErrorCode } from '../../../packages/client/src/wire/index.js';

type AnyAnswer = LinkAnswer<CommandName>;
type FailureCode = ErrorCode | 'OFFLINE' | 'TIMEOUT';

export interface Question {
  name: CommandName;
  payload: unknown;
  options: AskOptions | undefined;
  /** Answers the request, and waits for everything that follows. */
  answer: (given: AnyAnswer) => Promise<void>;
}

export const ok = <Name extends CommandName>(_name: Name, data: CommandData<Name>): AnyAnswer => ({
  success: true,
  data,
});
export const failure = (code: FailureCode, retryAfterMs?: number): AnyAnswer =>
  code === 'OFFLINE' || code === 'TIMEOUT'
    ? { success: false, code, error: code }
    : { success: false, code, error: code, ...(retryAfterMs !== undefined && { retryAfterMs }) };

/** A server whose answers are controlled by the test. Needs fake timers. */
export class Answers {
  readonly asked: Question[] = [];

  readonly ask: Ask = <Name extends CommandName>(name: Name, payload: unknown, options?: AskOptions) =>
    new Promise<LinkAnswer<Name>>((resolve) => {
      this.asked.push({
        name,
        payload,
        options,
        answer: async (given) => {
          resolve(given);
          await vi.advanceTimersByTimeAsync(0);
        },
      });
    });

  /** Returns the request with this index, which must have been sent. */
  nth(index: number): Question {
    const question = this.asked.at(index);
    if (question === undefined) throw new Error(`only ${this.asked.length} questions were asked`);
    return question;
  }

  get summary(): [string, unknown][] {
    return this.asked.map(({ name, payload }) => [name, payload]);
  }
}
