/**
 * A value that changes, in the form that React's `useSyncExternalStore` takes as it is. Both functions are bound: they can be
 * passed on without their store.
 */
export interface ReadableStore<Value> {
  /** Returns the current value. The same reference is returned until the value has changed. */
  readonly getSnapshot: () => Value;
  /**
   * Calls the listener after each change. Several changes in one task may share a call.
   *
   * @returns a function that removes the listener
   */
  readonly subscribe: (listener: () => void) => () => void;
}
