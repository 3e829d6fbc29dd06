import { useState, useSyncExternalStore } from 'react';
import { isPressed, onPressed } from './press.js';

/** Returns the value; the one before while something is being pressed, so that a click hits what was pressed. */
export function useSteady<Value>(value: Value): Value {
  const [shown, setShown] = useState(value);
  const isNew = shown !== value;
  const isHeld = useSyncExternalStore(
    onPressed,
    () => isNew && isPressed(),
    () => false,
  );
  if (isNew && !isHeld) setShown(value);
  return isHeld ? shown : value;
}
