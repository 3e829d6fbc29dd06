import { useState } from 'react';

interface Kept<Value> {
  /** Undefined: the component keeps it by itself. */
  value: Value | undefined;
  onChange: ((value: Value) => void) | undefined;
}

/** Returns a value that the app may keep, so that it stays when the component is unmounted, and the function that changes it. */
export function useKept<Value>(
  initial: Value,
  { value, onChange }: Kept<Value>,
): [Value, (next: Value) => void] {
  const [own, setOwn] = useState(initial);
  const change = (next: Value): void => {
    setOwn(next);
    onChange?.(next);
  };
  return [value ?? own, change];
}
