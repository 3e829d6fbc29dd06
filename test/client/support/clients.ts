import {
  createParleyClient,
  type ParleyClient,
  type ParleyClientOptions,
  type ParleyLifecycle,
  type TokenReason,
  type Violation,
} from '../../../packages/client/src/index.js';
import type { TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';

type Server = Pick<TestServer, 'token'> & { url: string };

/** A client of the SDK that is disposed of at the end of its scope. */
export type TestParleyClient = ParleyClient & AsyncDisposable & { violations: Violation[] };

/** Creates a client of a user, not connected yet. */
export function createClient(
  server: Server,
  userId: string,
  options: Partial<ParleyClientOptions> = {},
): TestParleyClient {
  const client = createParleyClient({
    url: server.url,
    getToken: () => Promise.resolve(server.token(userId)),
    transports: ['websocket'],
    ...options,
  });
  const violations: Violation[] = [];
  client.on('violation', (violation) => violations.push(violation));
  return Object.assign(client, { violations, [Symbol.asyncDispose]: () => client.dispose() });
}

export const statusOf = (client: ParleyClient) => client.connectionState.getSnapshot().status;

/** Resolves when the client is connected and synchronised. */
export const online = (client: ParleyClient) =>
  until(() => statusOf(client) === 'online', { what: 'a synchronised connection' });

/** Creates a client of a user, and connects it. */
export async function connectedClient(
  server: Server,
  userId: string,
  options: Partial<ParleyClientOptions> = {},
): Promise<TestParleyClient> {
  const client = createClient(server, userId, options);
  await client.connect();
  await online(client);
  return client;
}

/** Contents of the held messages of a conversation, and of the unsent ones after them. */
export function textsOf(client: ParleyClient, conversationId: string): string[] {
  const { messages, pending } = client.conversation(conversationId).messages.getSnapshot();
  return [...messages, ...pending].map(({ content }) => content);
}

/** An app's `getToken`: returns the queued tokens, then new ones, and records the reasons of the calls. */
export class TokenSource {
  readonly reasons: TokenReason[] = [];
  readonly queued: (string | undefined)[] = [];

  constructor(
    readonly server: Server,
    public userId: string,
  ) {}

  readonly getToken = (reason: TokenReason): Promise<string | undefined> => {
    this.reasons.push(reason);
    return Promise.resolve(this.queued.length > 0 ? this.queued.shift() : this.server.token(this.userId));
  };
}

/** A lifecycle whose events the test causes. */
export class TestLifecycle implements ParleyLifecycle {
  readonly #foreground = new Set<(isForeground: boolean) => void>();
  readonly #network = new Set<(isReachable: boolean) => void>();
  readonly #suspend = new Set<() => void>();

  readonly isForeground = (): boolean => true;
  readonly onForegroundChange = (listener: (isForeground: boolean) => void) =>
    add(this.#foreground, listener);
  readonly onNetworkChange = (listener: (isReachable: boolean) => void) => add(this.#network, listener);
  readonly onSuspend = (listener: () => void) => add(this.#suspend, listener);

  setForeground(isForeground: boolean): void {
    for (const listener of this.#foreground) listener(isForeground);
  }

  setReachable(isReachable: boolean): void {
    for (const listener of this.#network) listener(isReachable);
  }

  suspend(): void {
    for (const listener of this.#suspend) listener();
  }

  get listenerCount(): number {
    return this.#foreground.size + this.#network.size + this.#suspend.size;
  }
}

function add<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
