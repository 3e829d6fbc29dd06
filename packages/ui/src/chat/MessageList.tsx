import { LegendList, type LegendListRef } from '@legendapp/list/react-native';
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { ActivityIndicator, StyleSheet, View, type ViewProps } from 'react-native';
import { isConnected } from '@parley/client/selectors';
import { useParley, type MessageListItem, type MessagesView } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import { Button, IconButton } from '../parts/Buttons.js';
import { Badge } from '../parts/Chip.js';
import { Empty } from '../parts/Empty.js';
import { Text } from '../parts/Text.js';
import { useClientState } from '../state.js';
import type { Theme } from '../theme/index.js';
import { hasAttention, onAttention } from './attention.js';
import { useChat, useOpenConversation } from './chatContext.js';
import { DayRow, GapRow, SystemRow, UnreadRow } from './listRows.js';
import { MessageRow } from './MessageRow.js';
import { TypingRow } from './TypingRow.js';

export interface MessageListProps {
  view: MessagesView;
  /** Message to show; a new object shows it again. */
  target: { seq: number } | undefined;
  onReachedTarget: (seq: number) => void;
  /** Message that was jumped to, for a moment. */
  highlightedSeq: number | undefined;
  /** A new number goes to the end: after sending. */
  sentCount: number;
}

const ESTIMATED_HEIGHT = 64;
/** Distance in pixels from the end at which the list counts as being there. */
const END_PX = 80;
const VIEWABILITY = { itemVisiblePercentThreshold: 50, minimumViewTime: 0 };

/** The messages of the chat, oldest first, on Legend List: never inverted, so that screen readers and keys go in order. */
export function MessageList(props: MessageListProps): ReactNode {
  const { view } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { colors } = useUI().theme;
  const { slots } = useChat();
  const isPlaced = useIsPlaced(view);
  if (view.items.length > 0 && isPlaced) return <FilledList {...props} />;
  if (view.loading === 'failed')
    return (
      <View style={styles.center} role="alert">
        <Text tone="soft">{t('loadFailed')}</Text>
        <Button label={t('tryAgain')} onPress={() => void view.loadOlder().catch(() => undefined)} />
      </View>
    );
  if (!isPlaced || view.loading === 'loading' || ((view.conversation?.lastSeq ?? 1) > 0 && view.hasOlder))
    return (
      <View style={styles.center} role="status" aria-label={t('loadingMessages')}>
        <ActivityIndicator color={colors.accent} />
      </View>
    );
  return (
    slots.renderChatEmpty?.() ?? <Empty icon="general" title={t('emptyChat')} hint={t('emptyChatHint')} />
  );
}

function FilledList({
  view,
  target,
  onReachedTarget,
  highlightedSeq,
  sentCount,
}: MessageListProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { unreadCount } = useOpenConversation();
  const list = useRef<LegendListRef>(null);
  const { items } = view;
  const { renderRow, focusNear } = useRows({ view, list, highlightedSeq });
  const [initial] = useState(() => startOf(items));
  const focusLast: ViewProps['onKeyDown'] = (event) => {
    if (event.key !== 'ArrowUp') return;
    event.preventDefault();
    focusNear(items.length, -1);
  };
  const { isAtEnd, ...paging } = usePaging(view, list);
  const toEnd = useToEnd(list, sentCount);
  useTarget({ list, items, target, onReachedTarget });
  return (
    <View role="log" aria-label={t('messages')} tabIndex={0} onKeyDown={focusLast} style={styles.grow}>
      <LegendList
        ref={list}
        data={items}
        keyExtractor={keyOf}
        getItemType={typeOf}
        estimatedItemSize={ESTIMATED_HEIGHT}
        alignItemsAtEnd
        {...initial}
        maintainScrollAtEnd
        maintainVisibleContentPosition={{ data: true }}
        {...paging}
        viewabilityConfig={VIEWABILITY}
        style={styles.grow}
        ListFooterComponent={<Footer />}
        renderItem={renderRow}
      />
      {!isAtEnd && <ToEnd unreadCount={unreadCount} onPress={toEnd} />}
    </View>
  );
}

/** Goes to the end when told, and after sending. */
function useToEnd(list: React.RefObject<LegendListRef | null>, sentCount: number): () => void {
  const toEnd = useCallback(() => void list.current?.scrollToEnd({ animated: false }), [list]);
  useEffect(() => {
    if (sentCount > 0) toEnd();
  }, [sentCount, toEnd]);
  return toEnd;
}

/** Loads older messages near the beginning, reports what is seen, and knows whether the end is shown. */
function usePaging(view: MessagesView, list: React.RefObject<LegendListRef | null>) {
  const { conversationId } = useChat();
  const markSeen = useMarkRead(conversationId);
  const [isAtEnd, setAtEnd] = useState(true);
  const loadOlder = (): void => void view.loadOlder().catch(() => undefined);
  const measure = (): void => {
    const state = list.current?.getState();
    if (state !== undefined) setAtEnd(state.contentLength - state.scroll - state.scrollLength < END_PX);
  };
  return {
    isAtEnd,
    ...(view.hasOlder && { onStartReached: loadOlder }),
    onStartReachedThreshold: 1,
    onViewableItemsChanged: ({ viewableItems }: { viewableItems: { item: MessageListItem }[] }) => {
      markSeen(viewableItems.map(({ item }) => item));
      // Also without scrolling: messages come in below what is shown.
      measure();
    },
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
  const isKnown = !isUnread || hasMarker || isLoaded || !isLinked || loading === 'failed';
  if (loading === 'loading' && !wasLoading) setWasLoading(true);
  if (isKnown && !isPlaced) setPlaced(true);
  return isKnown || isPlaced;
}

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

interface TargetInput extends Pick<MessageListProps, 'target' | 'onReachedTarget'> {
  list: React.RefObject<LegendListRef | null>;
  items: readonly MessageListItem[];
}

/** Scrolls to the target as soon as it is among the items. */
function useTarget({ list, items, target, onReachedTarget }: TargetInput): void {
  const done = useRef<object | undefined>(undefined);
  useEffect(() => {
    if (target === undefined || done.current === target) return;
    const index = items.findIndex((item) => item.kind === 'message' && item.message?.seq === target.seq);
    if (index === -1) return;
    done.current = target;
    void list.current
      ?.scrollToIndex({ index, viewPosition: 0.4, animated: false })
      .then(() => onReachedTarget(target.seq));
  }, [list, items, target, onReachedTarget]);
}

interface RowsInput extends Pick<MessageListProps, 'view' | 'highlightedSeq'> {
  list: React.RefObject<LegendListRef | null>;
}

/** Draws rows. Keys move the focus from message to message. */
function useRows({ view, list, highlightedSeq }: RowsInput) {
  const { conversationType } = useChat();
  const views = useRef(new Map<string, View>());
  const items = useRef(view.items);
  useEffect(() => {
    items.current = view.items;
  });
  const setRef = useCallback((key: string, row: View | null) => {
    if (row === null) views.current.delete(key);
    else views.current.set(key, row);
  }, []);
  const focusNear = useCallback(
    (from: number, by: number) => {
      for (let index = from + by; index >= 0 && index < items.current.length; index += by) {
        const row = views.current.get(items.current[index]?.key ?? '');
        if (row === undefined) continue;
        row.focus();
        void list.current?.scrollIndexIntoView({ index, animated: false });
        return;
      }
    },
    [list],
  );
  const onMove = useCallback(
    (key: string, by: number) =>
      focusNear(
        items.current.findIndex((item) => item.key === key),
        by,
      ),
    [focusNear],
  );
  const { loadNewer } = view;
  const renderRow = useMemo(
    () =>
      ({ item }: { item: MessageListItem }): ReactNode => {
        if (item.kind === 'day') return <DayRow day={item.day} />;
        if (item.kind === 'unread') return <UnreadRow />;
        if (item.kind === 'gap') return <Gap fromSeq={item.fromSeq} loadNewer={loadNewer} />;
        if (item.message?.kind === 'system') return <SystemRow message={item.message} />;
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
    center: { flex: 1, alignItems: 'center', justifyContent: 'center', gap: 12 },
    toEnd: { position: 'absolute', bottom: 12, end: 14, alignItems: 'center' },
    toEndButton: {
      backgroundColor: colors.surface,
      borderWidth: 1,
      borderColor: colors.line,
      boxShadow: '0 4px 14px rgba(10, 12, 30, 0.18)',
    },
  });
