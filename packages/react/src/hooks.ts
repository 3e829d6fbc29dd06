import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type {
  ClientState,
  ConnectionState,
  Conversation,
  ConversationFilter,
  ConversationListSnapshot,
  ParleyError,
  ParleyEvents,
  PendingMessage,
  Presence,
  UserView,
} from '@parley/client';
import { dayBefore, type Day } from './days.js';
import { useParley } from './provider.js';
import { useStore, useStorePart } from './store.js';
import { useToday } from './today.js';

export const useConnectionState = (): ConnectionState => useStore(useParley().connectionState);

/** Returns the number for a badge: unread messages of all conversations that are neither muted nor archived. */
export const useUnreadCount = (): number => useStore(useParley().unreadCount);

export interface ConversationsView extends ConversationListSnapshot {
  /** Loads the next page. Resolves with false when there is none. */
  loadMore: () => Promise<boolean>;
}

/** Returns the list of conversations: pinned first, then by newest message. Unchanged conversations keep their reference. */
export function useConversations(filter: ConversationFilter = 'all'): ConversationsView {
  const client = useParley();
  const snapshot = useStore(client.conversations.list(filter));
  const loadMore = useCallback(() => client.conversations.loadMore(filter), [client, filter]);
  return useMemo(() => ({ ...snapshot, loadMore }), [snapshot, loadMore]);
}

/** Returns a conversation; undefined while it is unknown on this device. Loads it if necessary. */
export function useConversation(conversationId: string): Conversation | undefined {
  const client = useParley();
  const conversation = useStore(client.conversation(conversationId).conversation);
  const isUnknown = conversation === undefined;
  const isOnline = useConnectionState().status === 'online';
  useEffect(() => {
    // Refused (no member) or offline: it stays undefined.
    if (isUnknown && isOnline) void client.conversations.get(conversationId).catch(() => undefined);
  }, [client, conversationId, isUnknown, isOnline]);
  return conversation;
}

export interface DirectConversationView {
  /** Undefined while it is unknown. */
  conversation: Conversation | undefined;
  /** Set when the server refused it, for example with `BLOCKED`. */
  error: ParleyError | undefined;
}

/**
 * Returns the direct conversation with a user: the one on this device, else that of the server, which creates it if the two
 * users have none. Without a connection it is requested on the next one.
 */
export function useDirectConversation(otherUserId: string): DirectConversationView {
  const client = useParley();
  const [failure, setFailure] = useState<{ userId: string; error: ParleyError }>();
  // Not in the list: it may be archived, or deleted until its next message.
  const id = useStorePart(client.state, (state) => directIdWith(state, otherUserId));
  const conversation = useStore(client.conversation(id ?? '').conversation);
  const isUnknown = conversation === undefined;
  const isOnline = useConnectionState().status === 'online';
  useEffect(() => {
    if (!isUnknown || !isOnline) return;
    client.conversations.getOrCreateDirect(otherUserId).then(
      () => setFailure(undefined),
      (error: unknown) => {
        if (isParleyError(error)) setFailure({ userId: otherUserId, error });
      },
    );
  }, [client, otherUserId, isUnknown, isOnline]);
  const error = failure?.userId === otherUserId ? failure.error : undefined;
  return useMemo(() => ({ conversation, error }), [conversation, error]);
}

const directIdWith = ({ conversations }: ClientState, userId: string): string | undefined =>
  Object.values(conversations).find((one) => one.type === 'direct' && one.otherUserId === userId)?.id;

/** Not by `instanceof`: an app may hold the package twice, as ES modules and as CommonJS. */
const isParleyError = (error: unknown): error is ParleyError =>
  error instanceof Error && error.name === 'ParleyError';

export interface OutboxView {
  /** The user's messages that the server has not stored, in the order of sending. */
  messages: readonly PendingMessage[];
  /** Number of these that were refused. */
  failedCount: number;
  /** Sends a refused message again with the same id. */
  retry: (clientMessageId: string) => void;
  retryAll: () => void;
  /** Removes a message that waits or was refused. */
  discard: (clientMessageId: string) => void;
}

/** Returns the user's unsent messages of all conversations. Those of one conversation are also in `useMessages`. */
export function useOutbox(): OutboxView {
  const { outbox } = useParley();
  const { messages, failedCount } = useStore(outbox.store);
  return useMemo(
    () => ({
      messages,
      failedCount,
      retry: (clientMessageId: string) => outbox.retry(clientMessageId),
      retryAll: () => outbox.retryAll(),
      discard: (clientMessageId: string) => outbox.discard(clientMessageId),
    }),
    [outbox, messages, failedCount],
  );
}

/** Returns the ids of users who are typing in a conversation. */
export const useTyping = (conversationId: string): readonly string[] =>
  useStorePart(useParley().conversation(conversationId).messages, ({ typingUserIds }) => typingUserIds);

/** Returns whether a user is online, or when they last were; undefined while unknown or hidden. Watches the user while mounted. */
export function usePresence(userId: string): Presence | undefined {
  return useStore(useParley().users.presence(userId));
}

/** Returns name and picture of a user as far as this device knows them; else only the id. */
export function useUser(userId: string): UserView {
  return useStore(useParley().users.get(userId));
}

/** Returns whether a day is today or yesterday; undefined for other days. Renders again when midnight has passed. */
export function useRelativeDay(day: Day): 'today' | 'yesterday' | undefined {
  const today = useToday();
  if (day === today) return 'today';
  return day === dayBefore(today) ? 'yesterday' : undefined;
}

/** Calls a listener at an event of the client, for example for a sound at `messageReceived`. The listener may change. */
export function useParleyEvent<Name extends keyof ParleyEvents>(
  name: Name,
  listener: (event: ParleyEvents[Name]) => void,
): void {
  const client = useParley();
  const current = useRef(listener);
  useEffect(() => {
    current.current = listener;
  });
  useEffect(() => client.on(name, (event) => current.current(event)), [client, name]);
}
