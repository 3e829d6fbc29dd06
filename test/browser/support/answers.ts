import { vi } from 'vitest';
import type { Answer } from '../../../page/src/types.js';

export interface Question {
  event: string;
  payload: unknown;
  /** Answers the request, and waits for everything that follows. */
  answer: (given: Answer) => Promise<void>;
}

export const ok = (data: unknown): Answer => ({ success: true, data });
export const failure = (code: string): Answer => ({ success: false, code, error: code });

/** A server whose answers are controlled by the test. Needs fake timers. */
export class Answers {
  readonly asked: Question[] = [];

  readonly ask = (event: string, payload: object): Promise<Answer> =>
    new Promise((resolve) => {
      const answer = async (given: Answer) => {
        resolve(given);
        await vi.advanceTimersByTimeAsync(0);
      };
      this.asked.push({ event, payload, answer });
    });

  /** Returns the request with this index, which must have been sent. */
  nth(index: number): Question {
    const question = this.asked.at(index);
    if (question === undefined) throw new Error(`only ${this.asked.length} questions were asked`);
    return question;
  }

  get summary(): [string, unknown][] {
    return this.asked.map(({ event, payload }) => [event, payload]);
  }
}
