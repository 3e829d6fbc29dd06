import type { Node } from './cluster.js';

const CHECK_EVERY_MS = 500;
const CHECK_TIMEOUT_MS = 1_500;

/**
 * A load balancer: uses the servers in turn, and skips those that do not report that they are ready. It has only the
 * knowledge of a real one, which may be outdated.
 */
export class Balancer implements Disposable {
  readonly #ready = new Set<string>();
  readonly #timers: NodeJS.Timeout[];
  #turn = 0;

  constructor(readonly nodes: readonly Node[]) {
    for (const { name } of nodes) this.#ready.add(name);
    this.#timers = nodes.map((node) => setInterval(() => void this.#check(node), CHECK_EVERY_MS));
  }

  /** Returns the next ready server; any server when none is ready. @param except the server that refused the client. */
  next(except?: string): Node {
    const ready = this.nodes.filter(({ name }) => this.#ready.has(name));
    const others = ready.filter(({ name }) => name !== except);
    const choice = others.length > 0 ? others : ready.length > 0 ? ready : this.nodes;
    this.#turn += 1;
    const node = choice[this.#turn % choice.length];
    if (node === undefined) throw new Error('there are no servers');
    return node;
  }

  isReady(name: string): boolean {
    return this.#ready.has(name);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #check({ name, clientProxy }: Node): Promise<void> {
    try {
      const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
      const { ok } = await fetch(`${clientProxy.url}/health/ready`, { signal });
      if (ok) this.#ready.add(name);
      else this.#ready.delete(name);
    } catch {
      this.#ready.delete(name);
    }
  }
}
