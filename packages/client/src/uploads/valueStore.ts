import type { ReadableStore } from '../observable/readableStore.js';

/** Holds one value. Changes of one task are announced together. */
export class ValueStore<Value> implements ReadableStore<Value> {
  #value: Value;
  readonly #listeners = new Set<() => void>();
  #isNotifying = false;

  constructor(
    value: Value,
    readonly onListenerError: (error: unknown) => void,
  ) {
    this.#value = value;
  }

  readonly getSnapshot = (): Value => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  };

  set(value: Value): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    void Promise.resolve().then(() => this.#notify());
  }

  #notify(): void {
    this.#isNotifying = false;
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }
}
