import { createParser } from 'eventsource-parser';
import { until } from '../../support/until.js';

export interface StreamEvent {
  event: string;
  data: Record<string, unknown>;
  id: string;
}

interface OpenOptions {
  lastEventId?: string | undefined;
  token?: string | undefined;
  /** Ends the connection after this many bytes, wherever they end. */
  cutAfterBytes?: number;
}

/** One event stream, read by the parser of the npm package `eventsource`. Keeps what it received over reconnects. */
export class StreamClient implements AsyncDisposable {
  readonly events: StreamEvent[] = [];
  readonly bytes: number[] = [];
  lastEventId: string | undefined;
  retryMs: number | undefined;
  /** Resolves when the connection has ended, whoever ended it. */
  ended: Promise<void> = Promise.resolve();
  #abort = new AbortController();

  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  /** Opens the stream at the last position. Fails with the answer's body when it is refused. */
  async open({
    lastEventId = this.lastEventId,
    token = this.token,
    cutAfterBytes,
  }: OpenOptions = {}): Promise<this> {
    this.#abort = new AbortController();
    const response = await fetch(this.url, {
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
      signal: this.#abort.signal,
    });
    if (response.status !== 200 || response.body === null) {
      throw Object.assign(new Error('refused'), { status: response.status, body: await response.json() });
    }
    this.ended = this.#read(response.body, cutAfterBytes).catch(() => undefined);
    return this;
  }

  async #read(body: ReadableStream<Uint8Array>, cutAfterBytes = Infinity): Promise<void> {
    const parser = createParser({
      onEvent: ({ event = 'message', data, id }) => {
        this.events.push({ event, data: JSON.parse(data) as Record<string, unknown>, id: id ?? '' });
        this.lastEventId = id ?? this.lastEventId;
      },
      onRetry: (retryMs) => {
        this.retryMs = retryMs;
      },
    });
    const decoder = new TextDecoder();
    let left = cutAfterBytes;
    for await (const chunk of body) {
      this.bytes.push(chunk.length);
      const text = decoder.decode(chunk.subarray(0, left), { stream: true });
      // The parser reports ids with events only; a position may stand alone.
      const [, position] = /(?:^|\n\n)id: (.*)\n\n/.exec(text) ?? [];
      parser.feed(text);
      if (position !== undefined && this.events.length === 0) this.lastEventId = position;
      left -= chunk.length;
      if (left <= 0) break;
    }
    this.close();
  }

  of(event: string): Record<string, unknown>[] {
    return this.events.filter((one) => one.event === event).map(({ data }) => data);
  }

  next(event: string, fits: (data: Record<string, unknown>) => boolean = () => true) {
    return until(() => this.of(event).find(fits), { what: `${event} on the stream` });
  }

  /** Sequence numbers of the messages of a conversation in the order in which they came. */
  seqs(conversationId: string): unknown[] {
    return this.of('message:new')
      .filter((one) => one['conversationId'] === conversationId)
      .map(({ seq }) => seq);
  }

  close(): void {
    this.#abort.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.ended;
  }
}
