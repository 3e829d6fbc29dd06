import { monotonicMs } from './clock.js';
import type { Logger } from './logger.js';
import { createLru } from './lru.js';

/** Length of a throttling window, in ms. */
const WINDOW_MS = 60_000;
/** Warnings per window with the same message and key: one is enough to find a client's fault. */
const WARNINGS_PER_KEY = 1;
/** Errors per window with the same message and key: a server fault is easier to trace with several request ids. */
const ERRORS_PER_KEY = 10;
/** Lines per window with the same message over all keys: a client may use any number of keys. */
const LINES_PER_MESSAGE = 60;
/** Windows kept in memory. The least recently used one is evicted, and its key may log again. */
const MAX_WINDOWS = 10_000;

interface Window {
  sinceMs: number;
  lines: number;
  /** Lines suppressed since the last written one. */
  suppressed: number;
}

/**
 * Logs lines that a client can provoke at will: a bounded number per minute and key, and per minute and message. The
 * next written line reports how many were suppressed.
 */
export class ThrottledLog {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #windows = createLru<string, Window>(MAX_WINDOWS);

  constructor(logger: Logger, nowMs: () => number = monotonicMs) {
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  /** @param key subject of the line: a user, an address or a command. */
  warn(key: string, fields: object, message: string): void {
    const suppressed = this.#admit(key, message, WARNINGS_PER_KEY);
    if (suppressed !== undefined) this.#logger.warn({ ...fields, ...suppressed }, message);
  }

  /**
   * Like `warn`, for server faults that a client can repeat. Allows more lines per key, as each has its own
   * request id.
   */
  error(key: string, fields: object, message: string): void {
    const suppressed = this.#admit(key, message, ERRORS_PER_KEY);
    if (suppressed !== undefined) this.#logger.error({ ...fields, ...suppressed }, message);
  }

  /**
   * Returns extra fields for the line (the number of suppressed ones before it); undefined when the line is suppressed.
   */
  #admit(key: string, message: string, linesPerKey: number): { suppressed?: number } | undefined {
    const keyWindow = this.#windowOf(`${message}\u0000${key}`);
    const messageWindow = this.#windowOf(message);
    if (keyWindow.lines >= linesPerKey || messageWindow.lines >= LINES_PER_MESSAGE) {
      keyWindow.suppressed += 1;
      return undefined;
    }
    keyWindow.lines += 1;
    messageWindow.lines += 1;
    const { suppressed } = keyWindow;
    keyWindow.suppressed = 0;
    return suppressed === 0 ? {} : { suppressed };
  }

  #windowOf(name: string): Window {
    const nowMs = this.#nowMs();
    const known = this.#windows.get(name);
    if (known !== undefined && nowMs - known.sinceMs < WINDOW_MS) return known;
    const window = { sinceMs: nowMs, lines: 0, suppressed: known?.suppressed ?? 0 };
    this.#windows.set(name, window);
    return window;
  }
}
