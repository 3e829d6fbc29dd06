/** Runs one piece of work after the other. A failure reaches its own caller only. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  add<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
