import type { ServerResponse } from 'node:http';
import { commentFrame, retryFrame } from './frames.js';

/** Interval of comments that keep proxies and load balancers from closing the connection, in ms. */
const COMMENT_MS = 15_000;
/** Comments in a row that find earlier bytes still unread before the connection counts as dead. */
const MAX_STALLED = 4;
/** Reconnection time of clients, in ms, spread so that those of a dead server do not all return at once. */
const RETRY_MS = { min: 1_000, spread: 2_000 };
/** Length of the first comment: more than the buffer with which some proxies hold back the beginning of an answer. */
const FILLER = ' '.repeat(2_048);

/** Writes frames to an HTTP response, and watches over its reader. */
export class StreamResponse {
  #timer: NodeJS.Timeout | undefined;
  #stalled = 0;

  constructor(readonly response: ServerResponse) {}

  /** Bytes that the reader has not taken. */
  get waitingBytes(): number {
    return this.response.writableLength;
  }

  begin(): void {
    this.response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      // nginx: pass every byte on at once.
      'X-Accel-Buffering': 'no',
    });
    this.write(commentFrame(FILLER));
    this.write(retryFrame(Math.round(RETRY_MS.min + Math.random() * RETRY_MS.spread)));
    this.#timer = setInterval(() => this.#comment(), COMMENT_MS);
    this.#timer.unref();
  }

  write(frame: string): void {
    if (!this.response.writableEnded && !this.response.destroyed) this.response.write(frame);
  }

  /** Resolves when everything written has been taken, or nothing will be taken any more. */
  ready(): Promise<void> {
    const { response } = this;
    if (!response.writableNeedDrain || response.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }

  end(): void {
    clearInterval(this.#timer);
    this.response.end();
  }

  /** Discards what the reader has not taken. */
  destroy(): void {
    clearInterval(this.#timer);
    this.response.destroy();
  }

  #comment(): void {
    this.#stalled = this.waitingBytes > 0 ? this.#stalled + 1 : 0;
    if (this.#stalled >= MAX_STALLED) this.destroy();
    else this.write(commentFrame());
  }
}
