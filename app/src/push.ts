import { createContext, useContext } from 'react';
import type { PushApi } from '@parley/client/push';

export const PushContext = createContext<PushApi | undefined>(undefined);

/** Returns the push notifications of the signed-in user. */
export function usePush(): PushApi {
  const push = useContext(PushContext);
  if (push === undefined) throw new Error('Push notifications need a user who is signed in.');
  return push;
}
