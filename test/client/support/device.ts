import type { TokenReason } from '../../../packages/client/src/api/options.js';
import type { ParleyEvents, Violation } from '../../../packages/client/src/api/events.js';
import type { MessagesSnapshot } from '../../../packages/client/src/api/snapshots.js';
import {
  createParleyClient,
  memoryStorage,
  type Message,
  type ParleyClient,
  type ParleyStorage,
} from '../../../packages/client/src/index.js';
import { makeToken } from '../../support/tokens.js';
import { until } from '../../support/until.js';
import { SocketProxy } from './socketProxy.js';
import { TestLifecycle } from './testLifecycle.js';

export interface DeviceOptions {
  /** Address of the server. */
  serverUrl: string;
  userId: string;
  /** Content of the device from its last use. */
  storage?: ParleyStorage;
  /** Default: a valid token of the user. */
  getToken?: (reason: TokenReason) => Promise<string | undefined>;
  /** False to let the client find out by the token who its user is. */
  isNamed?: boolean;
  /** False to leave the connecting to the test. */
  connect?: boolean;
}

const RANK = { sent: 1, delivered: 2, read: 3 };

/**
 * A device of one user with an SDK client, and a network of its own between it and the server. It records everything that the
 * client must never do. Use with `await using`.
 */
export class Device implements AsyncDisposable {
  readonly lifecycle = new TestLifecycle();
  /** Reasons of all calls of `getToken`. */
  readonly tokenCalls: TokenReason[] = [];
  readonly violations: Violation[] = [];
  readonly failures: ParleyEvents['messageFailed'][] = [];
  readonly received: Message[] = [];
  readonly sent: ParleyEvents['messageSent'][] = [];
  /** Statuses that went back, as texts. */
  readonly backwards: string[] = [];
  readonly client: ParleyClient;
  readonly #statuses = new Map<string, keyof typeof RANK>();

  readonly userId: string;
  readonly storage: ParleyStorage;

  private constructor(
    readonly proxy: SocketProxy,
    options: DeviceOptions,
  ) {
    const { userId, storage = memoryStorage() } = options;
    const { getToken = () => Promise.resolve(makeToken(userId)) } = options;
    this.userId = userId;
    this.storage = storage;
    this.client = createParleyClient({
      url: proxy.url,
      ...(options.isNamed !== false && { userId }),
      storage,
      lifecycle: this.lifecycle,
      getToken: (reason) => {
        this.tokenCalls.push(reason);
        return getToken(reason);
      },
    });
    this.client.on('violation', (violation) => this.violations.push(violation));
    this.client.on('messageFailed', (failure) => this.failures.push(failure));
    this.client.on('messageReceived', (message) => this.received.push(message));
    this.client.on('messageSent', (sent) => this.sent.push(sent));
  }

  /** Starts a device, and resolves when it is online. */
  static async start(options: DeviceOptions): Promise<Device> {
    const device = new Device(await SocketProxy.start(options.serverUrl), options);
    if (options.connect === false) return device;
    await device.client.connect();
    await device.online();
    return device;
  }

  /** Resolves when the client is connected and synchronised. */
  async online(): Promise<void> {
    await until(() => this.client.connectionState.getSnapshot().status === 'online', {
      what: `${this.userId} online`,
      everyMs: 5,
    });
  }

  /** Takes the network away. Resolves when the client knows. */
  async goOffline(): Promise<void> {
    this.proxy.network = 'down';
    this.lifecycle.changeNetwork(false);
    await until(() => this.client.connectionState.getSnapshot().status !== 'online', { everyMs: 5 });
  }

  /** Brings the network back, and tells the client so, as phones do. Resolves when it is online. */
  async comeOnline(): Promise<void> {
    this.proxy.network = 'up';
    this.lifecycle.changeNetwork(true);
    await this.online();
  }

  messages(conversationId: string): MessagesSnapshot {
    return this.client.conversation(conversationId).messages.getSnapshot();
  }

  /** Texts of all messages that are shown, with the pending ones at their place. */
  texts(conversationId: string): string[] {
    const { messages, pending } = this.messages(conversationId);
    return [...messages.map(({ content }) => content), ...pending.map(({ content }) => content)];
  }

  /** Opens a conversation, and records every status of its messages from now on. */
  async open(conversationId: string): Promise<void> {
    const handle = this.client.conversation(conversationId);
    handle.messages.subscribe(() => this.#watch(handle.messages.getSnapshot()));
    await handle.open();
  }

  /** Resolves when these texts are shown in this order, and nothing else. */
  async shows(conversationId: string, texts: readonly string[]): Promise<void> {
    const wanted = JSON.stringify(texts);
    await until(() => JSON.stringify(this.texts(conversationId)) === wanted, {
      what: wanted,
      everyMs: 5,
    }).catch((cause: unknown) => {
      throw new Error(`${this.userId} shows ${JSON.stringify(this.texts(conversationId))}, not ${wanted}`, {
        cause,
      });
    });
  }

  /** Resolves when no message waits for the server any more. */
  async outboxEmpty(): Promise<void> {
    await until(() => this.client.outbox.getPending().length === 0, {
      what: `an empty outbox of ${this.userId}`,
      everyMs: 5,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.dispose();
    await this.proxy[Symbol.asyncDispose]();
  }

  #watch({ messages }: MessagesSnapshot): void {
    // Other users' messages show no status.
    for (const { seq, conversationId, status } of messages.filter(
      ({ senderId }) => senderId === this.userId,
    )) {
      const key = `${conversationId}/${seq}`;
      const before = this.#statuses.get(key);
      if (before !== undefined && RANK[status] < RANK[before])
        this.backwards.push(`${this.userId}: ${key} from ${before} to ${status}`);
      this.#statuses.set(key, status);
    }
  }
}
