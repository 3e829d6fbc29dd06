import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What happens to a connection when the watched bytes come by, on their way to the target:
 * `cut`: it ends, and the bytes do not arrive.
 * `loseReply`: they arrive, and the connection ends when the first byte of the answer is back: done, but nobody knows.
 * `late`: the connection ends at once, and the bytes arrive when `release` is called: a write that comes after
 * everybody has given it up (of a request that fits one piece).
 * `hold`: nothing is lost, the bytes wait for `release`.
 */
export type ProxyAction = 'cut' | 'loseReply' | 'late' | 'hold';

/** Bytes to watch for, and what to do about them. */
export interface ProxyRule {
  readonly marker: Buffer;
  readonly action: ProxyAction;
  /** How many more connections it is done to. */
  left: number;
  /** How many connections it was done to. */
  hits: number;
  /** Lets go what `hold` and `late` kept back; from now on the rule does nothing. */
  release(): void;
}

type Mode = 'pass' | 'cut' | 'freeze';

/** One connection through the proxy. */
interface Pair {
  near: Socket;
  far: Socket;
  /** The end of what went by last, as a marker may come in two pieces. */
  seen: Buffer;
  /** What waits for `release` or for the end of a freeze, in order. */
  kept: { to: Socket; chunk: Buffer }[];
  /** What is delayed, in order: bytes never overtake each other, also when the delay is over. */
  late: { to: Socket; chunk: Buffer; dueMs: number }[];
  losesReply: boolean;
  /** Holds everything towards the target back, until this rule is released. */
  heldBy: ProxyRule | undefined;
}

/** A relay between two programs on this machine that a test can break in many ways. Use with `await using`. */
export class TcpProxy implements AsyncDisposable {
  readonly #pairs = new Set<Pair>();
  readonly #rules = new Set<ProxyRule>();
  #mode: Mode = 'pass';
  #delayMs = 0;
  /** Connections that came in so far. */
  accepted = 0;

  private constructor(
    readonly server: Server,
    /** Where it relays to; may be changed, for connections that come later. */
    public targetPort: number,
  ) {
    server.on('connection', (near) => this.#accept(near));
  }

  /** @param target a port of this machine, or a URI that names it. */
  static async start(target: number | string): Promise<TcpProxy> {
    const port = typeof target === 'number' ? target : Number(new URL(target).port);
    const server = createServer();
    const proxy = new TcpProxy(server, port);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get mongoUri(): string {
    return `mongodb://127.0.0.1:${this.port}/`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** True when everything that came late has been answered by the target. */
  get idle(): boolean {
    return ![...this.#pairs].some(({ near }) => near.destroyed);
  }

  /** Everything goes through again, and what a freeze kept back first. */
  pass(): void {
    this.#mode = 'pass';
    for (const pair of this.#pairs) if (pair.heldBy === undefined) this.#flush(pair);
  }

  /** Every connection ends, and none gets through until `pass`. */
  cut(): void {
    this.#mode = 'cut';
    this.cutOnce();
  }

  /** Every connection ends; new ones are welcome. */
  cutOnce(): void {
    for (const pair of this.#pairs) end(pair);
  }

  /** Connections stay, and nothing moves until `pass`: a network, or a program, that does not answer. */
  freeze(): void {
    this.#mode = 'freeze';
  }

  /** Every byte takes this much longer, each way. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Watches what goes to the target for these bytes. */
  watch(marker: string | Uint8Array, action: ProxyAction, times = Infinity): ProxyRule {
    const rule: ProxyRule = {
      marker: typeof marker === 'string' ? Buffer.from(marker, 'utf8') : Buffer.from(marker),
      action,
      left: times,
      hits: 0,
      release: () => {
        this.#rules.delete(rule);
        for (const pair of this.#pairs) {
          if (pair.heldBy !== rule) continue;
          pair.heldBy = undefined;
          if (this.#mode === 'pass') this.#flush(pair);
        }
      },
    };
    this.#rules.add(rule);
    return rule;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.server.close();
    if (this.server.listening) await once(this.server, 'close');
  }

  #accept(near: Socket): void {
    this.accepted += 1;
    // Whoever is cut off may still be writing: an error on either side is part of the test.
    near.on('error', () => undefined);
    if (this.#mode === 'cut') {
      near.destroy();
      return;
    }
    const far = connect({ port: this.targetPort, host: '127.0.0.1', noDelay: true });
    far.on('error', () => undefined);
    near.setNoDelay(true);
    const pair: Pair = {
      near,
      far,
      seen: Buffer.alloc(0),
      kept: [],
      late: [],
      losesReply: false,
      heldBy: undefined,
    };
    this.#pairs.add(pair);
    near.on('data', (chunk: Buffer) => this.#outward(pair, chunk));
    far.on('data', (chunk: Buffer) => this.#homeward(pair, chunk));
    near.on('close', () => {
      if (pair.heldBy === undefined) end(pair);
    });
    far.on('close', () => {
      end(pair);
      this.#pairs.delete(pair);
    });
  }

  #outward(pair: Pair, chunk: Buffer): void {
    if (pair.heldBy === undefined && !this.#applies(pair, chunk)) return;
    this.#relay(pair, pair.far, chunk);
  }

  #homeward(pair: Pair, chunk: Buffer): void {
    if (pair.losesReply) end(pair);
    else this.#relay(pair, pair.near, chunk);
  }

  /** Does what the rules say about this piece; false when it must not go on. */
  #applies(pair: Pair, chunk: Buffer): boolean {
    const window = Buffer.concat([pair.seen, chunk]);
    const longest = Math.max(0, ...[...this.#rules].map(({ marker }) => marker.length - 1));
    pair.seen = longest === 0 ? Buffer.alloc(0) : window.subarray(-longest);
    for (const rule of this.#rules) {
      if (rule.left <= 0 || !window.includes(rule.marker)) continue;
      pair.seen = Buffer.alloc(0);
      rule.left -= 1;
      rule.hits += 1;
      if (rule.action === 'cut') end(pair);
      else if (rule.action === 'loseReply') pair.losesReply = true;
      else pair.heldBy = rule;
      if (rule.action === 'late') {
        pair.losesReply = true;
        pair.near.destroy();
      }
      return rule.action !== 'cut';
    }
    return true;
  }

  #relay(pair: Pair, to: Socket, chunk: Buffer): void {
    const isHeld = pair.heldBy !== undefined && to === pair.far;
    if (isHeld || this.#mode === 'freeze' || pair.kept.some((one) => one.to === to)) {
      pair.kept.push({ to, chunk });
    } else if (this.#delayMs > 0 || pair.late.some((one) => one.to === to)) {
      pair.late.push({ to, chunk, dueMs: performance.now() + this.#delayMs });
      if (pair.late.length === 1) this.#writeLate(pair);
    } else to.write(chunk);
  }

  #writeLate(pair: Pair): void {
    const [first] = pair.late;
    if (first === undefined) return;
    setTimeout(
      () => {
        pair.late.shift();
        if (first.to.writable) first.to.write(first.chunk);
        this.#writeLate(pair);
      },
      Math.max(0, first.dueMs - performance.now()),
    );
  }

  #flush(pair: Pair): void {
    const kept = pair.kept.splice(0);
    for (const { to, chunk } of kept) if (to.writable) to.write(chunk);
    if (!pair.near.destroyed) return;
    // What comes late is done when its answer comes; that ends the connection.
    if (kept.length === 0) end(pair);
    else pair.losesReply = true;
  }
}

function end(pair: Pair): void {
  pair.near.destroy();
  pair.far.destroy();
}
