import { useEffect, useRef } from 'react';

/** Returns a ref of the value as of the last rendering, for what runs later: an answer, a timer, a key. */
export function useCurrent<Value>(value: Value): React.RefObject<Value> {
  const current = useRef(value);
  useEffect(() => {
    current.current = value;
  }, [value]);
  return current;
}
