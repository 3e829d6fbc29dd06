import { LegendList, type LegendListRef } from '@legendapp/list/react-native';
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { StyleSheet, View, type ViewProps } from 'react-native';
import { isNotice } from '@parley/client';
import { isConnected } from '@parley/client/selectors';
import { useParley, type MessageListItem, type MessagesView } from '@parley/react';
import { useStyles, useTexts } from '../context.js';
import { IconButton } from '../parts/Buttons.js';
import { Badge } from '../parts/Chip.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { useRowFocus } from '../parts/useRowFocus.js';
import { useClientState } from '../state.js';
import type { Theme } from '../theme/index.js';
import { useSteady } from '../useSteady.js';
import { hasAttention, onAttention } from './attention.js';
import { useChat, useOpenConversation } from './chatContext.js';
import { DayRow, GapRow, SystemRow, UnreadRow } from './listRows.js';
import { MessageRow } from './MessageRow.js';
import { TypingRow } from './TypingRow.js';
import { UnfilledList } from './UnfilledList.js';
import { useAnchors } from './useAnchors.js';
import { useElementOrder } from './useElementOrder.js';
import { useFollowing, type FollowingInput } from './useFollowing.js';
import { useTarget } from './useTarget.js';

export interface MessageListProps {
  view: MessagesView;
  /** Message to show; a new object shows it again. */
  target: { seq: number } | undefined;
  onReachedTarget: (seq: number) => void;
  /** Called when the user goes elsewhere, or sends. */
  onLeave: () => void;
  /** Message that was jumped to, for a moment. */
  highlightedSeq: number | undefined;
  /** A new number goes to the end: after sending. */
  sentCount: number;
}

const ESTIMATED_HEIGHT = 64;
/**
 * Part of the list's height within which Legend List holds the end by itself. By default a tenth: each row that is measured while
 * the user scrolls back slowly would pull the list to its end again.
 */
const AT_END = 0.005;
/**
 * A message is seen when half of it is shown, or when it takes half of the list: no more than a part of one that is taller than the
 * list is ever shown.
 */
const SEEN = [
  { id: 'item', itemVisiblePercentThreshold: 50 },
  { id: 'list', viewAreaCoveragePercentThreshold: 50 },
];

/** The messages of the chat, oldest first, on Legend List: never inverted, so that screen readers and keys go in order. */
export function MessageList(props: MessageListProps): ReactNode {
  const { view } = props;
  const isPlaced = useIsPlaced(view);
  if (view.items.length > 0 && isPlaced) return <FilledList {...props} />;
  return <UnfilledList view={view} isPlaced={isPlaced} />;
}

function FilledList({ view, highlightedSeq, sentCount, ...goal }: MessageListProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { unreadCount } = useOpenConversation();
  const list = useRef<LegendListRef>(null);
  const items = useSteady(view.items);
  const { renderRow, focusNear } = useRows({ view, list, highlightedSeq });
  const [initial] = useState(() => startOf(items));
  const { isAtEnd, measure, letGo, leaveTarget } = usePlace({ list, items, ...goal });
  const onKeyDown: ViewProps['onKeyDown'] = (event) => {
    letGo();
    if (event.key === 'ArrowUp') focusNear(items.length, -1);
    else if (event.target !== event.currentTarget || !turnPage(list.current, event.key)) return;
    event.preventDefault();
  };
  const paging = usePaging(view, measure);
  const toEnd = useToEnd({ list, sentCount, letGo: leaveTarget });
  const anchors = useAnchors(items, list);
  // Only the list of phones has this property.
  const drags = { onScrollBeginDrag: letGo };
  const moves = { onKeyDown, onPointerDown: letGo, onWheel: letGo };
  return (
    <View role="log" aria-label={t('messages')} tabIndex={0} {...moves} style={[styles.grow, INNER_OUTLINE]}>
      <LegendList
        ref={list}
        data={items}
        keyExtractor={keyOf}
        getItemType={typeOf}
        estimatedItemSize={ESTIMATED_HEIGHT}
        alignItemsAtEnd
        {...initial}
        maintainScrollAtEnd
        maintainScrollAtEndThreshold={AT_END}
        maintainVisibleContentPosition={anchors}
        {...paging}
        {...drags}
        style={styles.grow}
        ListFooterComponent={<Footer />}
        renderItem={renderRow}
      />
      {!isAtEnd && <ToEnd unreadCount={unreadCount} onPress={toEnd} />}
    </View>
  );
}

/** Keeps the end or the target shown. @returns also a function for presses, keys and the wheel: the user goes elsewhere. */
function usePlace({ onLeave, ...input }: FollowingInput & Pick<MessageListProps, 'onLeave'>) {
  const { onReached, noteUser, ...following } = useFollowing(input);
  const letGoOfTarget = useTarget({ ...input, onReachedTarget: onReached });
  const leaveTarget = useCallback(() => {
    letGoOfTarget();
    onLeave();
  }, [letGoOfTarget, onLeave]);
  const letGo = useCallback(() => {
    noteUser();
    leaveTarget();
  }, [noteUser, leaveTarget]);
  return { ...following, letGo, leaveTarget };
}

interface ToEndInput extends Pick<MessageListProps, 'sentCount'> {
  list: React.RefObject<LegendListRef | null>;
  letGo: () => void;
}

/** Goes to the end when told, and after sending. */
function useToEnd({ list, sentCount, letGo }: ToEndInput): () => void {
  const toEnd = useCallback(() => {
    letGo();
    void list.current?.scrollToEnd({ animated: false });
  }, [list, letGo]);
  useEffect(() => {
    if (sentCount > 0) toEnd();
  }, [sentCount, toEnd]);
  return toEnd;
}

/** Parts of the window by which keys scroll. */
const PAGES: Readonly<Record<string, number>> = { PageUp: -0.9, PageDown: 0.9 };

/**
 * Scrolls by a page. Browsers do so by themselves only where the focus is on a message: the element around the list, which the
 * tab key leads to, does not scroll.
 *
 * @returns false for other keys
 */
function turnPage(list: LegendListRef | null, key: string): boolean {
  const part = PAGES[key];
  if (list === null || part === undefined) return false;
  const { scroll, scrollLength, contentLength } = list.getState();
  const offset = Math.max(0, Math.min(contentLength - scrollLength, scroll + part * scrollLength));
  void list.scrollToOffset({ offset, animated: false });
  return true;
}

/** Loads older messages near the beginning, and reports what is seen. */
function usePaging(view: MessagesView, measure: () => void) {
  const { conversationId } = useChat();
  const markSeen = useMarkRead(conversationId);
  const loadOlder = (): void => void view.loadOlder().catch(() => undefined);
  const onViewableItemsChanged = ({
    viewableItems,
  }: {
    viewableItems: { item: MessageListItem }[];
  }): void => {
    markSeen(viewableItems.map(({ item }) => item));
    // Also without scrolling: messages come in below what is shown.
    measure();
  };
  return {
    ...(view.hasOlder && { onStartReached: loadOlder }),
    onStartReachedThreshold: 1,
    viewabilityConfigCallbackPairs: SEEN.map((viewabilityConfig) => ({
      viewabilityConfig,
      onViewableItemsChanged,
    })),
    onScroll: measure,
  };
}

function Footer(): ReactNode {
  const conversation = useOpenConversation();
  const { slots } = useChat();
  return (
    <>
      {slots.renderFooter?.()}
      <TypingRow conversation={conversation} />
      <View style={END} />
    </>
  );
}

/** Space between the last message and the composer. */
const END = { height: 10 };

function ToEnd({ unreadCount, onPress }: { unreadCount: number; onPress: () => void }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  return (
    <View style={styles.toEnd}>
      <IconButton icon="down" label={t('toNewest')} onPress={onPress} style={styles.toEndButton} />
      {unreadCount > 0 && <Badge count={unreadCount} />}
    </View>
  );
}

const keyOf = (item: MessageListItem): string => item.key;
const typeOf = (item: MessageListItem): string => item.kind;

/**
 * Whether it is known where the list opens: at the first unread message, when there is one. It is not on the device before the
 * first page has come; a list that is already drawn would stay at its end.
 */
function useIsPlaced({ items, conversation, firstUnreadSeq, loading }: MessagesView): boolean {
  const isLinked = useClientState(isConnected);
  const [wasLoading, setWasLoading] = useState(false);
  const [isPlaced, setPlaced] = useState(false);
  const isUnread = firstUnreadSeq !== undefined || (conversation?.unreadCount ?? 0) > 0;
  const hasMarker = items.some(({ kind }) => kind === 'unread');
  const isLoaded = wasLoading && loading !== 'loading';
  const isHeld = firstUnreadSeq !== undefined && firstSeqOf(items) <= firstUnreadSeq;
  const isKnown = !isUnread || hasMarker || isHeld || isLoaded || !isLinked || loading === 'failed';
  if (loading === 'loading' && !wasLoading) setWasLoading(true);
  if (isKnown && !isPlaced) setPlaced(true);
  return isKnown || isPlaced;
}

const firstSeqOf = (items: readonly MessageListItem[]): number =>
  items.find((item) => item.kind === 'message')?.message?.seq ?? Infinity;

/** Opens at the first unread message, or at the end. */
function startOf(items: readonly MessageListItem[]): object {
  const unread = items.findIndex(({ kind }) => kind === 'unread');
  if (unread === -1) return { initialScrollAtEnd: true };
  return { initialScrollIndex: { index: unread, viewPosition: 0.2 } };
}

/** Reports what was on the screen as read, while someone looks at it. */
function useMarkRead(conversationId: string): (items: readonly MessageListItem[]) => void {
  const parley = useParley();
  const seen = useRef(0);
  const report = useCallback(() => {
    if (seen.current > 0 && hasAttention()) parley.conversation(conversationId).markRead(seen.current);
  }, [parley, conversationId]);
  useEffect(() => onAttention(report), [report]);
  return useCallback(
    (items) => {
      for (const item of items)
        if (item.kind === 'message') seen.current = Math.max(seen.current, item.message?.seq ?? 0);
      report();
    },
    [report],
  );
}

interface RowsInput extends Pick<MessageListProps, 'view' | 'highlightedSeq'> {
  list: React.RefObject<LegendListRef | null>;
}

/** Draws rows. Keys move the focus from message to message. */
function useRows({ view, list, highlightedSeq }: RowsInput) {
  const { conversationType } = useChat();
  const { setRef, onMove, focusNear } = useRowFocus(view.items, keyOf, list);
  useElementOrder(list, view.items);
  const { loadNewer } = view;
  const renderRow = useMemo(
    () =>
      ({ item }: { item: MessageListItem }): ReactNode => {
        if (item.kind === 'day') return <DayRow day={item.day} />;
        if (item.kind === 'unread') return <UnreadRow />;
        if (item.kind === 'gap') return <Gap fromSeq={item.fromSeq} loadNewer={loadNewer} />;
        if (item.message !== undefined && isNotice(item.message)) return <SystemRow message={item.message} />;
        const isHighlighted = highlightedSeq !== undefined && item.message?.seq === highlightedSeq;
        return <MessageRow {...{ item, conversationType, isHighlighted, setRef, onMove }} />;
      },
    [conversationType, highlightedSeq, setRef, onMove, loadNewer],
  );
  return { renderRow, focusNear };
}

function Gap({ fromSeq, loadNewer }: { fromSeq: number; loadNewer: MessagesView['loadNewer'] }): ReactNode {
  const load = useCallback(() => void loadNewer(fromSeq - 1).catch(() => undefined), [loadNewer, fromSeq]);
  return <GapRow onShown={load} />;
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    grow: { flex: 1, minHeight: 0 },
    toEnd: { position: 'absolute', bottom: 12, end: 14, alignItems: 'center' },
    toEndButton: {
      backgroundColor: colors.surface,
      borderWidth: 1,
      borderColor: colors.line,
      boxShadow: '0 4px 14px rgba(10, 12, 30, 0.18)',
    },
  });
