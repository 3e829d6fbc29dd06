import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, SentMessageView } from '../../../contract/index.js';
import { connectClient, type TestClient } from '../../support/client.js';
import { makeToken } from '../../support/tokens.js';
import type { Ledger } from './ledger.js';

/** Between two tries of the same message, in ms: many try at once, and a machine that is busy with them heals no sooner. */
const RETRY_MS = 150;

/** Address that a user connects to: a server process, or a proxy in front of it. */
export interface Endpoint {
  url: string;
}

/**
 * A user with a persistent client: it reconnects, and sends each message again with the same id until it is
 * acknowledged. Use with `await using`.
 */
export class Person implements AsyncDisposable {
  #stopped = false;
  #client: TestClient | undefined;
  #connecting: Promise<TestClient> | undefined;
  /** While this is pending, nothing is sent. */
  #pause: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(
    readonly userId: string,
    readonly ledger: Ledger,
    public endpoint: Endpoint,
  ) {}

  /** Returns the open connection, and opens a new one if it was lost. */
  async connected(): Promise<TestClient> {
    for (;;) {
      if (this.#stopped) throw new Stopped();
      if (this.#pause !== undefined) await this.#pause.promise;
      if (this.#client?.socket.connected === true) return this.#client;
      try {
        this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
        return await this.#connecting;
      } catch {
        await wait(RETRY_MS);
      }
    }
  }

  /** Changes the server. Later messages are sent there. */
  moveTo(endpoint: Endpoint): void {
    this.endpoint = endpoint;
    this.#client?.close();
  }

  /** Stops sending and retrying. Calls that were already sent continue. */
  pause(): void {
    if (this.#pause !== undefined) return;
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => (resolve = done));
    this.#pause = { promise, resolve };
  }

  resume(): void {
    this.#pause?.resolve();
    this.#pause = undefined;
  }

  /** Sends a message until it is acknowledged. @throws for any refusal other than `UNAVAILABLE`. */
  async say(
    conversationId: string,
    content: string,
    clientMessageId: string = crypto.randomUUID(),
  ): Promise<SentMessageView> {
    this.ledger.sending({ conversationId, senderId: this.userId, clientMessageId, content });
    for (;;) {
      const answer = await this.#try((client) => client.send(conversationId, content, clientMessageId));
      if (answer?.success === true) {
        this.ledger.acked(answer.data);
        return answer.data;
      }
      refuseUnlessUnavailable(answer, `a message of ${this.userId}`);
      await wait(RETRY_MS);
    }
  }

  /** Marks everything up to a `seq` as read, until that is acknowledged. */
  async read(conversationId: string, seq: number): Promise<void> {
    for (;;) {
      const answer = await this.#try((client) => client.call('message:read', { conversationId, seq }));
      if (answer?.success === true) {
        this.ledger.read(conversationId, this.userId, answer.data.readSeq);
        return;
      }
      refuseUnlessUnavailable(answer, `a position of ${this.userId}`);
      await wait(RETRY_MS);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.resume();
    this.#client?.close();
    return Promise.resolve();
  }

  /** Returns undefined when the connection was lost before the answer. */
  async #try<Data>(call: (client: TestClient) => Promise<Answer<Data>>): Promise<Answer<Data> | undefined> {
    const client = await this.connected();
    try {
      return await call(client);
    } catch (error) {
      // A missing answer on an open connection is an error of the server.
      if (client.socket.connected) throw error;
      return undefined;
    }
  }

  async #connect(): Promise<TestClient> {
    this.#client?.close();
    this.#client = await connectClient(this.endpoint.url, this.userId, { token: makeToken(this.userId) });
    return this.#client;
  }
}

/** Thrown when the test ends while a user still retries. */
export class Stopped extends Error {}

function refuseUnlessUnavailable(answer: Answer<unknown> | undefined, what: string): void {
  if (answer === undefined || answer.success || answer.code === 'UNAVAILABLE') return;
  throw new Error(`${what} was refused: ${answer.code} ${answer.error}`);
}
