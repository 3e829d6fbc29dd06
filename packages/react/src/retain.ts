interface Uses {
  count: number;
  ending: ReturnType<typeof setTimeout> | undefined;
}

const usesByKey = new WeakMap<object, Uses>();

/**
 * Starts something with its first use, and stops it after its last one has ended. The stop waits for a turn of the event loop:
 * StrictMode mounts, unmounts and mounts again at once, and a navigation replaces one screen by another, without a stop.
 *
 * @param key the object that is used: a client, a conversation
 * @returns a function that ends this use
 */
export function retain(key: object, start: () => void, stop: () => void): () => void {
  const uses = usesByKey.get(key) ?? { count: 0, ending: undefined };
  usesByKey.set(key, uses);
  uses.count += 1;
  if (uses.ending !== undefined) {
    clearTimeout(uses.ending);
    uses.ending = undefined;
  } else if (uses.count === 1) start();
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    uses.count -= 1;
    if (uses.count > 0) return;
    uses.ending = setTimeout(() => {
      uses.ending = undefined;
      stop();
    }, 0);
  };
}
