import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import {
  SYSTEM_USER_ID,
  type ClientState,
  type ConversationRecord,
  type Message,
  type UserView,
} from '@parley/client';
import { entryAt, isConnected, isMessage, logOf, peerOf, userOf } from '@parley/client/selectors';
import { useParley } from '@parley/react';
import { showControls } from './bidi.js';
import { useTexts, type Translate } from './context.js';

/**
 * Returns a part of the client's state, and renders again when that part has changed.
 *
 * @param select must return the same reference while the part is the same
 */
export function useClientState<Part>(select: (state: ClientState) => Part): Part {
  const { state } = useParley();
  const getPart = (): Part => select(state.getSnapshot());
  return useSyncExternalStore(state.subscribe, getPart, getPart);
}

export const useOwnUserId = (): string => useClientState((state) => state.userId);

/**
 * Returns a message as it is now, edited or deleted, for what was begun with it earlier. Undefined when the user may not see it
 * any more.
 */
export function useCurrentMessage(message: Message | undefined): Message | undefined {
  const entry = useClientState((state) => {
    if (message === undefined) return undefined;
    const { conversationId, seq } = message;
    return entryAt(logOf(state, conversationId), seq) ?? message;
  });
  return entry !== undefined && isMessage(entry) ? entry : undefined;
}

/** Whether the connection has ended for good: nothing more is loaded. */
export const useHasEnded = (): boolean => useClientState(({ connection }) => connection.status === 'ended');

/** Whether a user is online. False without a connection: nothing is known then. */
export const useIsOnline = (userId: string): boolean =>
  useClientState((state) => isConnected(state) && state.presence[userId]?.status === 'online');

/** Name of a user for display. */
export const nameOf = (user: UserView, t: Translate): string =>
  showControls(user.name ?? (user._id === SYSTEM_USER_ID ? t('theApp') : user._id));

/** Name of the other user, or of the group. */
export function titleOf(conversation: ConversationRecord, t: Translate): string {
  const peer = peerOf(conversation);
  if (conversation.type === 'direct') return nameOf(peer, t);
  return showControls(peer.name ?? t(conversation.type));
}

export const nameIn = (state: ClientState, userId: string, t: Translate): string =>
  userId === state.userId ? t('you') : nameOf(userOf(state, userId), t);

/** Returns a function that names users; `You` for the signed-in one. */
export function useNames(): (userId: string) => string {
  const t = useTexts();
  const { state } = useParley();
  return useCallback((userId) => nameIn(state.getSnapshot(), userId, t), [state, t]);
}

/** The server's time in ms, as far as known, for texts such as "2 minutes ago". Changes every half minute. */
export function useNow(): number {
  const offsetMs = useClientState(({ clockOffsetMs }) => clockOffsetMs);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now + offsetMs;
}
