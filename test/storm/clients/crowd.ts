import type { PushName, Success } from '../../../contract/index.js';
import type { StormLog } from '../log.js';
import type { Balancer } from '../parts/balancer.js';
import { makeToken } from '../../support/tokens.js';
import { until } from '../../support/until.js';
import { Connection } from './connection.js';
import { hearPush } from './pushes.js';

/** Time within which all must have reconnected. No speed is promised. */
const BACK_WITHIN_MS = 120_000;

/** Idle connections, each of a user of their own, who must never receive anything. */
export class Crowd {
  readonly #connections: Connection[];

  constructor(count: number, balancer: Balancer, log: StormLog) {
    this.#connections = Array.from({ length: count }, (_, index) => {
      const user = `idle-${index + 1}`;
      const connection: Connection = new Connection({
        balancer,
        transport: 'websocket',
        patienceMs: BACK_WITHIN_MS,
        token: () => makeToken(user),
        onConnect: () => undefined,
        onDisconnect: () => undefined,
        onPush: (event, payload) => {
          const teller = { client: `${user}/1`, user, server: connection.server };
          const { data } = payload as Success<unknown>;
          for (const { entry } of hearPush(event as PushName, data)) log.add(teller, entry);
        },
      });
      return connection;
    });
  }

  get size(): number {
    return this.#connections.length;
  }

  get connected(): number {
    return this.#connections.filter(({ isUp }) => isUp).length;
  }

  /** Connects all at once. Resolves when all are connected. */
  async connect(): Promise<void> {
    for (const connection of this.#connections) connection.open();
    await until(() => this.connected === this.size, {
      what: `${this.size} idle connections`,
      timeoutMs: BACK_WITHIN_MS,
    });
  }

  /** Drops all connections at once, as when a cell tower fails. */
  hangUp(): void {
    for (const connection of this.#connections) connection.hangUp();
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }
}
