import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Treatment of a connection when the watched bytes pass on their way to the target:
 *
 * - `cut`: closes it; the bytes do not arrive.
 * - `loseReply`: delivers them, and closes it at the first byte of the answer: done, but the client does not know.
 * - `late`: closes it at once, and delivers the bytes on `release`: a write that arrives after it was given up (for
 *   requests in one chunk).
 * - `hold`: delays the bytes until `release`.
 */
export type ProxyAction = 'cut' | 'loseReply' | 'late' | 'hold';

/** Bytes to watch for, and their treatment. */
export interface ProxyRule {
  readonly marker: Buffer;
  readonly action: ProxyAction;
  /** Number of connections still to be treated. */
  left: number;
  /** Number of connections treated so far. */
  hits: number;
  /** Releases what `hold` and `late` kept back; the rule has no effect afterwards. */
  release(): void;
}

type Mode = 'pass' | 'cut' | 'freeze';

/** One connection through the proxy. */
interface Pair {
  near: Socket;
  far: Socket;
  /** The last bytes that passed, because a marker may be split over two chunks. */
  seen: Buffer;
  /** Chunks that wait for `release` or for the end of a freeze, in order. */
  kept: { to: Socket; chunk: Buffer }[];
  /** Delayed chunks, in order: bytes never overtake each other, even when the delay is removed. */
  late: { to: Socket; chunk: Buffer; dueMs: number }[];
  losesReply: boolean;
  /** Holds everything towards the target back until this rule is released. */
  heldBy: ProxyRule | undefined;
}

/** A TCP relay between two local programs that can inject faults. Use with `await using`. */
export class TcpProxy implements AsyncDisposable {
  readonly #pairs = new Set<Pair>();
  readonly #rules = new Set<ProxyRule>();
  #mode: Mode = 'pass';
  #delayMs = 0;
  /** Number of connections accepted so far. */
  accepted = 0;

  private constructor(
    readonly server: Server,
    /** Target of new connections; may be changed. */
    public targetPort: number,
  ) {
    server.on('connection', (near) => this.#accept(near));
  }

  /** Starts a proxy. @param target a local port, or a URI with one. */
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

  /** True when all late chunks have been answered by the target. */
  get idle(): boolean {
    return ![...this.#pairs].some(({ near }) => near.destroyed);
  }

  /** Lets everything pass again; frozen chunks go first. */
  pass(): void {
    this.#mode = 'pass';
    for (const pair of this.#pairs) if (pair.heldBy === undefined) this.#flush(pair);
  }

  /** Closes every connection, and refuses new ones until `pass`. */
  cut(): void {
    this.#mode = 'cut';
    this.cutOnce();
  }

  /** Closes every connection; new ones are accepted. */
  cutOnce(): void {
    for (const pair of this.#pairs) end(pair);
  }

  /** Keeps connections open but forwards nothing until `pass`, like a network that does not answer. */
  freeze(): void {
    this.#mode = 'freeze';
  }

  /** Delays every chunk by this time, in both directions. */
  delay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Watches the bytes sent to the target. */
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
    // A closed peer may still be writing: errors on either side are expected.
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

  /** Applies the rules to a chunk. @returns false when it must not be forwarded. */
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
    // A late request is complete when its answer arrives, which closes the connection.
    if (kept.length === 0) end(pair);
    else pair.losesReply = true;
  }
}

function end(pair: Pair): void {
  pair.near.destroy();
  pair.far.destroy();
}
