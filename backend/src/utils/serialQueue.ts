/** Runs tasks one at a time in the order of their submission. A failed task does not stop those after it. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #length = 0;

  /** Tasks that have not ended: the running one and the queued ones. */
  get length(): number {
    return this.#length;
  }

  /** @throws the error of the task. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#length += 1;
    const result = this.#last.then(task).finally(() => (this.#length -= 1));
    this.#last = result.catch(() => undefined);
    return result;
  }
}
