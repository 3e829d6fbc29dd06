import { useLayoutEffect, useRef } from 'react';

interface Layer {
  onClose: () => void;
}

/** The layers that are shown, the upper one last. */
const layers: Layer[] = [];

/**
 * Closes the upper layer by Escape, and no other: `Modal` of react-native-web gives the key to the layer below until some time
 * after the upper one is shown. Closes all when the user goes back or forward in the browser: they belong to the page that was
 * shown.
 *
 * @returns what `Modal` calls by itself: nothing
 */
export function useCloseKey(onClose: () => void): (() => void) | undefined {
  const layer = useRef<Layer>({ onClose });
  useLayoutEffect(() => {
    layer.current.onClose = onClose;
  }, [onClose]);
  useLayoutEffect(() => show(layer.current), []);
  return undefined;
}

function show(layer: Layer): () => void {
  // When the key comes up: where it goes down, the app looks whether a layer is shown.
  if (layers.length === 0) {
    addEventListener('keyup', closeUpper, { capture: true });
    addEventListener('popstate', closeAll);
  }
  layers.push(layer);
  return () => {
    layers.splice(layers.indexOf(layer), 1);
    if (layers.length > 0) return;
    removeEventListener('keyup', closeUpper, { capture: true });
    removeEventListener('popstate', closeAll);
  };
}

function closeUpper({ key }: KeyboardEvent): void {
  if (key === 'Escape') layers.at(-1)?.onClose();
}

function closeAll(): void {
  for (const layer of [...layers].reverse()) layer.onClose();
}
