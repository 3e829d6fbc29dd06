import { connect, constants, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { retryAfterMs } from './answers.js';

export interface Http2Answer {
  status: number;
  body: string;
  retryAfterMs: number | undefined;
}

const MAX_ANSWER_CHARS = 8_192;
/** A connection without requests is closed after this time, in ms. */
const IDLE_MS = 300_000;

/** One connection to one server, opened with the first request and again after its end. */
export class Http2Connection {
  readonly #url: string;
  readonly #ca: string | undefined;
  readonly #timeoutMs: number;
  #session: ClientHttp2Session | undefined;

  constructor(url: string, { ca, timeoutMs }: { ca: string | undefined; timeoutMs: number }) {
    this.#url = url;
    this.#ca = ca;
    this.#timeoutMs = timeoutMs;
  }

  /** @returns the answer, or the reason why there is none. Never throws. */
  post(headers: OutgoingHttpHeaders, body: string): Promise<Http2Answer | string> {
    return this.#post(headers, body).catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
  }

  #post(headers: OutgoingHttpHeaders, body: string): Promise<Http2Answer | string> {
    return new Promise((resolve) => {
      const stream = this.#open().request({ [constants.HTTP2_HEADER_METHOD]: 'POST', ...headers });
      let status = 0;
      let waitMs: number | undefined;
      let text = '';
      // Not the stream's own time-out, which counts from the last byte.
      const timer = setTimeout(() => {
        stream.close(constants.NGHTTP2_CANCEL);
        resolve('no answer in time');
      }, this.#timeoutMs);
      timer.unref();
      stream.setEncoding('utf8');
      stream.on('response', (answer) => {
        status = answer[':status'] ?? 0;
        const wish = answer['retry-after'];
        waitMs = typeof wish === 'string' ? retryAfterMs({ 'retry-after': wish }) : undefined;
      });
      stream.on('data', (chunk: string) => {
        if (text.length < MAX_ANSWER_CHARS) text += chunk;
      });
      stream.on('error', (error: Error) => resolve(error.message));
      stream.on('close', () => {
        clearTimeout(timer);
        resolve(status === 0 ? 'the connection has ended' : { status, body: text, retryAfterMs: waitMs });
      });
      stream.end(body);
    });
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined || session.destroyed) return;
    await new Promise<void>((resolve) => {
      session.once('close', resolve);
      session.destroy();
    });
  }

  #open(): ClientHttp2Session {
    const known = this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect(this.#url, this.#ca === undefined ? {} : { ca: this.#ca });
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    // Requests under way report the error themselves.
    session.on('error', forget);
    session.on('close', forget);
    session.on('goaway', () => {
      forget();
      session.close();
    });
    session.setTimeout(IDLE_MS, () => session.close());
    session.unref();
    this.#session = session;
    return session;
  }
}
