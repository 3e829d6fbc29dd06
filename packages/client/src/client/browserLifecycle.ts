import type { ParleyLifecycle } from '../api/options.js';

interface EventSource {
  addEventListener: (name: string, listener: () => void) => void;
  removeEventListener: (name: string, listener: () => void) => void;
}

interface Browser {
  window: EventSource;
  document: EventSource & { visibilityState: string };
}

const isBrowser = (scope: object): scope is Browser =>
  'window' in scope &&
  'document' in scope &&
  typeof scope.document === 'object' &&
  scope.document !== null &&
  'visibilityState' in scope.document;

function listen(source: EventSource, name: string, listener: () => void): () => void {
  source.addEventListener(name, listener);
  return () => source.removeEventListener(name, listener);
}

/** Returns the lifecycle of a page; undefined outside of browsers (React Native has a `window`, but no `document`). */
export function browserLifecycle(): ParleyLifecycle | undefined {
  const scope: object = globalThis;
  if (!isBrowser(scope)) return undefined;
  const { window, document } = scope;
  const isForeground = (): boolean => document.visibilityState === 'visible';
  return {
    isForeground,
    onForegroundChange: (listener) => listen(document, 'visibilitychange', () => listener(isForeground())),
    onNetworkChange(listener) {
      const removers = [
        listen(window, 'online', () => listener(true)),
        listen(window, 'offline', () => listener(false)),
      ];
      return () => {
        for (const remove of removers) remove();
      };
    },
    onSuspend: (listener) => listen(window, 'pagehide', listener),
  };
}
