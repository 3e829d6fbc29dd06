import { io, type Socket } from 'socket.io-client';
import type { TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';

type Fields = Record<string, unknown>;

/** A legacy client: token in the query, old event names, derived ids of conversations. */
export class OldTestClient implements AsyncDisposable {
  readonly heard: { event: string; args: unknown[] }[] = [];

  private constructor(readonly socket: Socket) {
    socket.onAny((event: string, ...args: unknown[]) => this.heard.push({ event, args }));
  }

  /** Connects. @throws the message of `connect_error`. */
  static async connect(
    url: string,
    token: string,
    { query = {}, auth }: { query?: Record<string, string>; auth?: Record<string, string> } = {},
  ): Promise<OldTestClient> {
    const socket = io(url, {
      query: auth === undefined ? { token, ...query } : query,
      ...(auth !== undefined && { auth }),
      ...{ transports: ['websocket'], reconnection: false, forceNew: true },
    });
    const client = new OldTestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return client;
  }

  static as(server: TestServer, userId: string): Promise<OldTestClient> {
    return OldTestClient.connect(server.url, server.token(userId));
  }

  emit(event: string, ...args: unknown[]): void {
    this.socket.emit(event, ...args);
  }

  /** Emits an event with an acknowledgement. */
  async ask(event: string, ...args: unknown[]): Promise<Fields> {
    return (await this.socket.timeout(10_000).emitWithAck(event, ...args)) as Fields;
  }

  all(event: string): Fields[] {
    return this.heard.filter((one) => one.event === event).map(({ args }) => args[0] as Fields);
  }

  next(event: string, fits: (fields: Fields) => boolean = () => true): Promise<Fields> {
    return until(() => this.all(event).find(fits), { what: `${event} at an old client` });
  }

  names(): string[] {
    return [...new Set(this.heard.map(({ event }) => event))];
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.disconnect();
    return Promise.resolve();
  }
}
