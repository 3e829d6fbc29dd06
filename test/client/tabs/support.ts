import { BroadcastChannel } from 'node:worker_threads';
import { createTokens } from '../../../packages/client/src/connection/tokens.js';
import { SocketLink } from '../../../packages/client/src/connection/socketLink.js';
import type { Link, LinkEvents, TabMessage } from '../../../packages/client/src/connection/link.js';
import type { ConnectionState } from '../../../packages/client/src/state/types.js';
import { createTabLink, type TabBus, type TabLocks } from '../../../packages/client/src/tabs/index.js';
import type { PushData, PushName } from '../../../packages/client/src/wire/index.js';
import { until } from '../../support/until.js';

interface LockRequest {
  owner: object;
  name: string;
  run: () => void;
  refuse: (reason: unknown) => void;
}

const aborted = (): Error => new DOMException('The request was aborted.', 'AbortError');

/** The locks of one origin, by the rules of the Web Locks API: exclusive locks, `signal`, `steal`, and the end of a page. */
export class Origin {
  readonly #held = new Map<string, LockRequest>();
  readonly #queues = new Map<string, LockRequest[]>();

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  locksOf(owner: object): TabLocks {
    return {
      request: (name, { signal, steal = false }, callback) =>
        new Promise((resolve, reject) => {
          const request: LockRequest = {
            owner,
            name,
            refuse: reject,
            run: () => {
              const release = (): void => {
                if (this.#held.get(name) === request) this.#free(name);
              };
              callback().then(resolve, reject).finally(release);
            },
          };
          if (signal?.aborted === true) {
            reject(aborted());
            return;
          }
          signal?.addEventListener('abort', () => {
            if (this.#drop(request)) reject(aborted());
          });
          if (steal) this.#steal(request);
          else this.#queue(name).push(request);
          this.#grant(name);
        }),
    };
  }

  #queue(name: string): LockRequest[] {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return queue;
  }

  #steal(request: LockRequest): void {
    const holder = this.#held.get(request.name);
    this.#held.delete(request.name);
    if (holder !== undefined) queueMicrotask(() => holder.refuse(aborted()));
    this.#queue(request.name).unshift(request);
  }

  #drop(request: LockRequest): boolean {
    const queue = this.#queue(request.name);
    const index = queue.indexOf(request);
    if (index < 0) return false;
    queue.splice(index, 1);
    return true;
  }

  #grant(name: string): void {
    queueMicrotask(() => {
      if (this.#held.has(name)) return;
      const next = this.#queue(name).shift();
      if (next === undefined) return;
      this.#held.set(name, next);
      next.run();
    });
  }

  #free(name: string): void {
    this.#held.delete(name);
    this.#grant(name);
  }

  /** A page is closed or has crashed: its locks are released, its requests are forgotten. */
  close(owner: object): void {
    for (const queue of this.#queues.values())
      for (const request of queue.filter((one) => one.owner === owner)) this.#drop(request);
    for (const [name, request] of [...this.#held]) if (request.owner === owner) this.#free(name);
  }
}

/** A bus of a page that may be frozen: then nothing comes in or goes out until it is thawed. */
class PageBus implements TabBus {
  onmessage: TabBus['onmessage'] = null;
  readonly #channel: BroadcastChannel;
  #waiting: (() => void)[] | undefined;

  constructor(name: string) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event) =>
      this.#pass(() => this.onmessage?.({ data: (event as MessageEvent).data }));
  }

  #pass(step: () => void): void {
    if (this.#waiting === undefined) step();
    else this.#waiting.push(step);
  }

  postMessage(message: unknown): void {
    this.#pass(() => this.#channel.postMessage(message));
  }

  freeze(): void {
    this.#waiting ??= [];
  }

  thaw(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const step of waiting) step();
  }

  close(): void {
    this.#channel.close();
  }
}

export interface TabOptions {
  origin: Origin;
  url: string;
  userId?: string;
  getToken: () => Promise<string | undefined>;
  /** Whether the app accepts a token of this user. Default: yes. */
  accepts?: (userId: string) => boolean;
}

let tabs = 0;

/** One page with a link, and everything that the link has reported. */
export class Tab implements AsyncDisposable {
  readonly id = `tab-${(tabs += 1)}`;
  readonly states: ConnectionState[] = [];
  readonly pushed: { name: string; data: unknown }[] = [];
  readonly messages: TabMessage[] = [];
  readonly users: string[] = [];
  isLeader: boolean | undefined;
  isOnline = false;
  /** How often it came online. */
  arrivals = 0;
  tokenCalls = 0;
  readonly link: Link;
  readonly #origin: Origin;
  readonly #buses: PageBus[] = [];

  constructor({ origin, url, userId, getToken, accepts = () => true }: TabOptions) {
    this.#origin = origin;
    const logger = { debug: () => undefined, warn: () => undefined, error: () => undefined };
    const tokens = createTokens({
      getToken: () => {
        this.tokenCalls += 1;
        return getToken();
      },
      logger,
    });
    this.link = createTabLink({
      url,
      userId,
      tokens,
      logger,
      events: this.#events(accepts),
      createLink: (events) => new SocketLink({ url, tokens, events, logger, transports: ['websocket'] }),
      ports: { locks: origin.locksOf(this), openBus: (name) => this.#openBus(name) },
      newId: () => this.id,
      probeMs: 300,
    });
    this.link.tabs?.onMessage((message) => this.messages.push(message));
    this.link.start();
  }

  #openBus(name: string): PageBus {
    const bus = new PageBus(name);
    this.#buses.push(bus);
    return bus;
  }

  #events(accepts: (userId: string) => boolean): LinkEvents {
    return {
      onState: (state) => this.states.push(state),
      onOnline: () => {
        this.isOnline = true;
        this.arrivals += 1;
      },
      onOffline: () => {
        this.isOnline = false;
      },
      onPush: (name, data) => this.pushed.push({ name, data }),
      onUser: (userId) => {
        this.users.push(userId);
        return accepts(userId);
      },
      onLeader: (isLeader) => {
        this.isLeader = isLeader;
      },
    };
  }

  get status(): string | undefined {
    return this.states.at(-1)?.status;
  }

  online(): Promise<unknown> {
    return until(() => this.isOnline, { what: `${this.id} online` });
  }

  /** Data of all pushes of one event, in order. */
  pushes<Name extends PushName>(name: Name): PushData<Name>[] {
    return this.pushed.filter((one) => one.name === name).map(({ data }) => data as PushData<Name>);
  }

  freeze(): void {
    for (const bus of this.#buses) bus.freeze();
  }

  thaw(): void {
    for (const bus of this.#buses) bus.thaw();
  }

  /** The page is gone without a word, as after a crash. */
  kill(): void {
    for (const bus of this.#buses) {
      bus.onmessage = null;
      bus.freeze();
      bus.close();
    }
    this.#origin.close(this);
    this.link.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.link.stop();
    return Promise.resolve();
  }
}
