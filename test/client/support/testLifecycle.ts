import type { ParleyLifecycle } from '../../../packages/client/src/api/options.js';

/** The foreground and the network of a device, as the test sets them. */
export class TestLifecycle implements ParleyLifecycle {
  #isForeground = true;
  readonly #foreground = new Set<(isForeground: boolean) => void>();
  readonly #network = new Set<(isReachable: boolean) => void>();
  readonly #suspend = new Set<() => void>();

  readonly isForeground = (): boolean => this.#isForeground;

  readonly onForegroundChange = (listener: (isForeground: boolean) => void): (() => void) =>
    listen(this.#foreground, listener);

  readonly onNetworkChange = (listener: (isReachable: boolean) => void): (() => void) =>
    listen(this.#network, listener);

  readonly onSuspend = (listener: () => void): (() => void) => listen(this.#suspend, listener);

  /** Number of listeners: none after the client was disposed. */
  get listeners(): number {
    return this.#foreground.size + this.#network.size + this.#suspend.size;
  }

  setForeground(isForeground: boolean): void {
    this.#isForeground = isForeground;
    for (const listener of this.#foreground) listener(isForeground);
  }

  changeNetwork(isReachable: boolean): void {
    for (const listener of this.#network) listener(isReachable);
  }

  suspend(): void {
    for (const listener of this.#suspend) listener();
  }
}

function listen<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
