/** Whether a button of the mouse, or a finger, is down on the page: what is under it should not move away before it is up. */
let isDown = false;
const listeners = new Set<() => void>();

/** Longer presses are no clicks. */
const LONGEST_PRESS_MS = 3_000;
let timer: ReturnType<typeof setTimeout> | undefined;

function set(next: boolean): void {
  clearTimeout(timer);
  if (next) timer = setTimeout(() => set(false), LONGEST_PRESS_MS);
  if (isDown === next) return;
  isDown = next;
  for (const listener of listeners) listener();
}

const onDown = (): void => set(true);
// The click comes after the pointer is up, in the same task.
const onUp = (): void => void setTimeout(() => set(false));

export const isPressed = (): boolean => isDown;

/** Calls back when a press begins or ends. @returns a function that removes the listener */
export function onPressed(listener: () => void): () => void {
  if (listeners.size === 0) {
    addEventListener('pointerdown', onDown, true);
    for (const end of ['pointerup', 'pointercancel']) addEventListener(end, onUp, true);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    removeEventListener('pointerdown', onDown, true);
    for (const end of ['pointerup', 'pointercancel']) removeEventListener(end, onUp, true);
  };
}
