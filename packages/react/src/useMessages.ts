import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { MessagesSnapshot } from '@parley/client';
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
  /** Loads the messages around a `seq`. Resolves with false when the user may not see that message. */
  loadAround: (seq: number) => Promise<boolean>;
}

/**
 * Returns the messages of a conversation for display, and keeps the conversation open (its newest messages loaded, live
 * messages of large groups subscribed) while mounted.
 */
export function useMessages(conversationId: string, options: UseMessagesOptions = {}): MessagesView {
  const { client, timeZone } = useParleyContext();
  const handle = client.conversation(conversationId);
  const { groupEnds = false } = options;
  useEffect(
    () =>
      retain(
        handle,
        // A failure is shown by `loading`.
        () => void handle.open().catch(() => undefined),
        () => handle.close(),
      ),
    [handle],
  );
  const snapshot = useStore(handle.messages);
  const clockOffsetMs = useStorePart(client.state, (state) => state.clockOffsetMs);
  const ownUserId = useStorePart(client.state, (state) => state.userId);
  const items = useArranged({ snapshot, ownUserId, timeZone, clockOffsetMs, groupEnds });
  const loadOlder = useCallback(() => handle.loadOlder(), [handle]);
  const loadNewer = useCallback((afterSeq: number) => handle.loadNewer(afterSeq), [handle]);
  const loadAround = useCallback((seq: number) => handle.loadAround(seq), [handle]);
  return useMemo(
    () => ({ ...snapshot, items, loadOlder, loadNewer, loadAround }),
    [snapshot, items, loadOlder, loadNewer, loadAround],
  );
}

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
