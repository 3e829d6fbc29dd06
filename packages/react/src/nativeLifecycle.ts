import type { ParleyLifecycle } from '@parley/client';

/** The required part of `AppState` of React Native. */
export interface AppStateLike {
  readonly currentState: string | null;
  addEventListener(type: 'change', listener: (state: string) => void): { remove: () => void };
}

/** The required part of `@react-native-community/netinfo`. */
export interface NetInfoLike {
  addEventListener(listener: (state: { isConnected: boolean | null }) => void): () => void;
}

const FOREGROUND = 'active';
const BACKGROUND = 'background';

/**
 * Tells the client of a React Native app when the app comes to the foreground, when it may be ended, and when the network
 * changes. Without `netInfo` the client notices a new network by itself, a little later.
 *
 * @example
 * createParleyClient({ url, getToken, storage, lifecycle: nativeLifecycle(AppState, NetInfo) });
 */
export function nativeLifecycle(appState: AppStateLike, netInfo?: NetInfoLike): ParleyLifecycle {
  const onState = (listener: (state: string) => void): (() => void) => {
    const subscription = appState.addEventListener('change', listener);
    return () => subscription.remove();
  };
  return {
    isForeground: () => appState.currentState === FOREGROUND,
    onForegroundChange: (listener) => onState((state) => listener(state === FOREGROUND)),
    onNetworkChange: (listener) =>
      netInfo?.addEventListener(({ isConnected }) => listener(isConnected !== false)) ?? (() => undefined),
    onSuspend: (listener) => onState((state) => state === BACKGROUND && listener()),
  };
}
