import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { MessageContent, MessagesSnapshot, ReadableStore, SentHandle } from '@parley/client';
import { arrangeMessages, type MessageList, type MessageListItem } from './messageItems.js';
import { useParleyContext } from './provider.js';
import { retain } from './retain.js';
import { useStore, useStorePart } from './store.js';

export interface UseMessagesOptions {
  /**
   * Sets `endsGroup` on the items. A message of the same sender as the last one then changes two rows: its own and the one
   * before, which does not end its group any more. Default: false.
   */
  groupEnds?: boolean | undefined;
}

export interface MessagesView extends MessagesSnapshot {
  /** Rows of a list, oldest first: messages, beginnings of days, the unread marker, gaps. Unchanged items keep their reference. */
  items: readonly MessageListItem[];
  /** Loads the page before the oldest held message. Resolves with false when the beginning is reached. */
  loadOlder: () => Promise<boolean>;
  /** Loads the page after a `seq`, to fill a gap. */
  loadNewer: (afterSeq: number) => Promise<boolean>;
  /**
   * Stores the message on the device, shows it as pending, and sends it until the server has answered. Undefined while the
   * conversation is not known.
   */
  sendMessage: (content: MessageContent) => SentHandle | undefined;
  /** Loads the messages around a `seq`. Resolves with false when the user may not see that message. */
  loadAround: (seq: number) => Promise<boolean>;
}

/**
 * Returns the messages of a conversation for display, and keeps the conversation open (its newest messages loaded, live
 * messages of large groups subscribed) while mounted.
 *
 * @param conversationId undefined while it is not known yet: there are no messages then
 */
export function useMessages(
  conversationId: string | undefined,
  options: UseMessagesOptions = {},
): MessagesView {
  const { client, timeZone } = useParleyContext();
  const handle = conversationId === undefined ? undefined : client.conversation(conversationId);
  const { groupEnds = false } = options;
  useEffect(() => {
    if (handle === undefined) return undefined;
    // A failure is shown by `loading`.
    const open = (): void => void handle.open().catch(() => undefined);
    return retain(handle, open, () => handle.close());
  }, [handle]);
  const snapshot = useStore(handle?.messages ?? NOTHING);
  const clockOffsetMs = useStorePart(client.state, (state) => state.clockOffsetMs);
  const ownUserId = useStorePart(client.state, (state) => state.userId);
  const items = useArranged({ snapshot, ownUserId, timeZone, clockOffsetMs, groupEnds });
  const loadOlder = useCallback(async () => (await handle?.loadOlder()) ?? false, [handle]);
  const loadNewer = useCallback(
    async (afterSeq: number) => (await handle?.loadNewer(afterSeq)) ?? false,
    [handle],
  );
  const loadAround = useCallback(async (seq: number) => (await handle?.loadAround(seq)) ?? false, [handle]);
  const sendMessage = useCallback((content: MessageContent) => handle?.sendMessage(content), [handle]);
  return useMemo(
    () => ({ ...snapshot, items, sendMessage, loadOlder, loadNewer, loadAround }),
    [snapshot, items, sendMessage, loadOlder, loadNewer, loadAround],
  );
}

const NO_MESSAGES: MessagesSnapshot = {
  conversation: undefined,
  messages: [],
  pending: [],
  gaps: [],
  hasOlder: false,
  loading: 'idle',
  firstUnreadSeq: undefined,
  typingUserIds: [],
};
const NOTHING: ReadableStore<MessagesSnapshot> = {
  getSnapshot: () => NO_MESSAGES,
  subscribe: () => () => undefined,
};

function useArranged({
  snapshot,
  ownUserId,
  timeZone,
  clockOffsetMs,
  groupEnds,
}: Parameters<typeof arrangeMessages>[0]): readonly MessageListItem[] {
  // Only a source of references to use again: a render that React discards does no harm.
  const previous = useRef<MessageList | undefined>(undefined);
  const list = useMemo(
    () => arrangeMessages({ snapshot, ownUserId, timeZone, clockOffsetMs, groupEnds }, previous.current),
    [snapshot, ownUserId, timeZone, clockOffsetMs, groupEnds],
  );
  previous.current = list;
  return list.items;
}
