import { createContext, createElement, useContext, useEffect, useMemo, type ReactNode } from 'react';
import type { ParleyClient } from '@parley/client';
import { retain } from './retain.js';

interface ParleyContextValue {
  client: ParleyClient;
  timeZone: string | undefined;
  now: () => number;
}

const ParleyContext = createContext<ParleyContextValue | undefined>(undefined);

export interface ParleyProviderProps {
  /**
   * The client of the signed-in user, made by `createParleyClient` outside of rendering (or in a `useState` initializer).
   * Give another one when another user signs in.
   */
  client: ParleyClient;
  /** IANA name of the time zone that separates days. Default: that of the device. */
  timeZone?: string | undefined;
  /** Returns the device's time in ms since 1970. Default: `Date.now`. */
  now?: (() => number) | undefined;
  children?: ReactNode;
}

/**
 * Gives the hooks below it their client. Connects it while mounted, and disconnects it afterwards; what is stored on the
 * device stays. StrictMode and quick remounts keep one connection.
 */
export function ParleyProvider({
  client,
  timeZone,
  now = Date.now,
  children,
}: ParleyProviderProps): ReactNode {
  useEffect(
    () =>
      retain(
        client,
        () => void client.connect().catch(ignoreFailure),
        () => void client.disconnect().catch(ignoreFailure),
      ),
    [client],
  );
  const value = useMemo(() => ({ client, timeZone, now }), [client, timeZone, now]);
  return createElement(ParleyContext.Provider, { value }, children);
}

/** Failures of connecting and of the storage are reported by the client's state and events. */
const ignoreFailure = (): void => undefined;

export function useParleyContext(): ParleyContextValue {
  const value = useContext(ParleyContext);
  if (value === undefined) throw new Error('This hook needs a <ParleyProvider> above it.');
  return value;
}

/** Returns the client, for everything that the hooks do not cover. */
export const useParley = (): ParleyClient => useParleyContext().client;
