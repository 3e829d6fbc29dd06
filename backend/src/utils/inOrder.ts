/** Runs first steps at the same time, and second steps one after the other in the order of the calls with the same key. */
export class InOrder {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * @returns the result of `then`, which gets that of `first`. A failed call does not stop those after it.
   * @throws the error of `first` or `then`.
   */
  run<First, Result>(
    key: string,
    first: () => Promise<First>,
    then: (value: First) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#last.get(key);
    const preparing = first();
    preparing.catch(() => undefined);
    const result = (async () => {
      await before;
      return then(await preparing);
    })();
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, settled);
    void settled.then(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
    return result;
  }
}
