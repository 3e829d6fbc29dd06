import type { Page, WebSocketRoute } from 'playwright-core';
import { until } from '../../support/until.js';

/** Treatment of an answer: pass it, hold it, drop it, drop it and the connection, or replace it. */
type Verdict = 'pass' | 'hold' | 'drop' | 'cut' | { answer: unknown };

/** A Socket.IO acknowledgement: packet type, id of the call, and data. */
const ANSWER = /^43(\d+)\[/;
const COMMAND = /^42(\d*)\["([^"]+)",/;
const PUSHED_MESSAGE = '42["message:new",';

/** A proxy between app and server. It counts requests, and decides how answers are treated. */
export class Wire {
  readonly asked: string[] = [];
  judge: (event: string) => Verdict = () => 'pass';
  /** Returns an answer that is given without asking the server. */
  refuse: (event: string) => unknown = () => undefined;
  dropPushes = false;
  #dropped = 0;
  #held: (() => void)[] = [];
  readonly #sockets = new Set<WebSocketRoute>();

  async attach(page: Page): Promise<void> {
    await page.routeWebSocket(/\/socket\.io\//, (client) => {
      const server = client.connectToServer();
      const calls = new Map<string, string>();
      this.#sockets.add(client);
      client.onMessage((frame) => {
        const [, id, event] = COMMAND.exec(String(frame)) ?? [];
        if (id !== undefined && event !== undefined) {
          calls.set(id, event);
          this.asked.push(event);
          const refusal = this.refuse(event);
          if (refusal !== undefined && id !== '') {
            client.send(`43${id}${JSON.stringify([refusal])}`);
            return;
          }
        }
        server.send(frame);
      });
      server.onMessage((frame) => this.#answer(client, String(frame), calls));
    });
  }

  count(event: string): number {
    return this.asked.filter((one) => one === event).length;
  }

  /** Sends a push to the app as if it came from the server. */
  push(event: string, data: unknown): void {
    for (const socket of this.#sockets) socket.send(`42${JSON.stringify([event, { success: true, data }])}`);
  }

  /** Resolves when this many pushes were dropped. */
  async dropped(count: number): Promise<void> {
    await until(() => this.#dropped >= count, { what: `${count} dropped pushes` });
  }

  /** Resolves when an answer is held. */
  async holding(): Promise<void> {
    await until(() => this.#held.length > 0, { what: 'an answer that waits' });
  }

  /** Passes held answers on, and all later ones. */
  release(): void {
    this.judge = () => 'pass';
    for (const send of this.#held) send();
    this.#held = [];
  }

  #answer(client: WebSocketRoute, frame: string, calls: ReadonlyMap<string, string>): void {
    if (this.dropPushes && frame.startsWith(PUSHED_MESSAGE)) {
      this.#dropped += 1;
      return;
    }
    const id = ANSWER.exec(frame)?.[1];
    const event = id === undefined ? undefined : calls.get(id);
    const verdict = event === undefined ? 'pass' : this.judge(event);
    if (verdict === 'pass') client.send(frame);
    else if (verdict === 'hold') this.#held.push(() => client.send(frame));
    else if (verdict === 'cut') void this.#cut();
    else if (verdict !== 'drop') client.send(`43${id ?? ''}${JSON.stringify([verdict.answer])}`);
  }

  /** Closes every connection of the app. */
  async #cut(): Promise<void> {
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    await Promise.all(sockets.map((socket) => socket.close()));
  }
}
