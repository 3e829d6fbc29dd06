import { LegendList, type LegendListRef } from '@legendapp/list/react-native';
import { useCallback, useRef, useState, type ReactElement, type ReactNode } from 'react';
import { StyleSheet, useWindowDimensions, View } from 'react-native';
import type { Conversation, ConversationFilter } from '@parley/client';
import { unreadConversations } from '@parley/client/selectors';
import { useConversations } from '@parley/react';
import { useStyles, useTexts, type TextKey } from '../context.js';
import { Busy } from '../parts/Busy.js';
import { Button } from '../parts/Buttons.js';
import { Chip } from '../parts/Chip.js';
import { Empty } from '../parts/Empty.js';
import { Menu, type Anchor } from '../parts/Menu.js';
import { useRowFocus } from '../parts/useRowFocus.js';
import { titleOf, useClientState, useHasEnded, useNow } from '../state.js';
import type { Theme } from '../theme/index.js';
import { useKept } from '../useKept.js';
import { useSteady } from '../useSteady.js';
import { ConversationRow, type ConversationRowProps } from './ConversationRow.js';
import { useChatActions } from './useChatActions.js';
import { useFocusOnReturn } from './useFocusOnReturn.js';

export interface ConversationListProps {
  onOpen: (conversation: Conversation) => void;
  /** The conversation beside the list, on wide windows. */
  openId?: string | undefined;
  /**
   * The conversation that the user comes back from; undefined while one is open. The list begins where it is, and in browsers its row
   * takes the focus, unless the user has put it elsewhere.
   */
  lastOpenId?: string | undefined;
  /** Shows a button where there are no conversations yet. */
  onNewChat?: (() => void) | undefined;
  /** Above the filters, for example `MatchStrip`. */
  header?: ReactNode;
  /** Default: all four; an empty list leaves out the filters. */
  filters?: readonly ConversationFilter[] | undefined;
  /** The chosen filter, when the app keeps it while the list is unmounted. Default: the list keeps it, and begins with `all`. */
  filter?: ConversationFilter | undefined;
  onFilterChange?: ((filter: ConversationFilter) => void) | undefined;
  /** Draws a row instead of the built-in one. */
  renderConversation?: ((props: ConversationRowProps) => ReactNode) | undefined;
}

const FILTERS: readonly ConversationFilter[] = ['all', 'unread', 'groups', 'archived'];
const FILTER_KEYS: Readonly<Record<ConversationFilter, TextKey>> = {
  all: 'filterAll',
  unread: 'filterUnread',
  groups: 'filterGroups',
  archived: 'filterArchived',
};
const EMPTY_KEYS: Readonly<Record<ConversationFilter, TextKey>> = {
  all: 'emptyAll',
  unread: 'emptyUnread',
  groups: 'emptyGroups',
  archived: 'emptyArchived',
};
/** Height of the window in pixels below which header and filters scroll with the list: a phone on its side, a page at 400 % zoom. */
const SHORT = 440;
const ROW_HEIGHT = 72;
/** Heights of the visible area before the end at which the next page is loaded: who scrolls does not wait at each. */
const PAGE_AHEAD = 3;
const FIXED_HEIGHT = { getFixedItemSize: () => ROW_HEIGHT };

/** The user's conversations: pinned first, then by newest message, with filters and a menu for each. */
export function ConversationList(props: ConversationListProps): ReactNode {
  const { filters = FILTERS, header, onNewChat } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const kept = { value: props.filter, onChange: props.onFilterChange };
  const [filter, setFilter] = useKept<ConversationFilter>('all', kept);
  const [menu, setMenu] = useState<{ conversation: Conversation; anchor: Anchor | undefined }>();
  const { conversations: current, isLoaded, hasMore, loadMore } = useConversations(filter);
  const conversations = useSteady(current);
  const lastOpenId = useReturn(filter, props.lastOpenId);
  const { menuFor } = useChatActions();
  // The user may lose the conversation while its menu is open.
  const isHeld = useClientState((state) => state.conversations[menu?.conversation.id ?? ''] !== undefined);
  const onMenu = useCallback(
    (conversation: Conversation, anchor: Anchor | undefined) => setMenu({ conversation, anchor }),
    [],
  );
  const loadPage = (): void => void loadMore().catch(() => undefined);
  const isShort = useWindowDimensions().height < SHORT;
  const top = (
    <>
      {header}
      {filters.length > 0 && <Filters filters={filters} chosen={filter} onChoose={setFilter} />}
    </>
  );
  const scrollsTop = isShort && conversations.length > 0;
  const rows = {
    ...{ ...props, lastOpenId, conversations, onMenu },
    loadPage: hasMore ? loadPage : undefined,
    top: scrollsTop ? top : undefined,
  };
  return (
    <View style={styles.list}>
      {!scrollsTop && top}
      {conversations.length === 0 ? (
        <EmptyList filter={filter} isLoaded={isLoaded && !hasMore} onNewChat={onNewChat} onMore={loadPage} />
      ) : (
        <Rows key={filter} {...rows} />
      )}
      {menu !== undefined && isHeld && (
        <Menu
          label={titleOf(menu.conversation, t)}
          items={menuFor(menu.conversation)}
          anchor={menu.anchor}
          onClose={() => setMenu(undefined)}
        />
      )}
    </View>
  );
}

/** Returns the chat that the user comes back from, until they choose another filter: what it shows is read from the top. */
function useReturn(filter: ConversationFilter, lastOpenId: string | undefined): string | undefined {
  const [shown, setShown] = useState(filter);
  const [left, setLeft] = useState<string>();
  const isChanged = shown !== filter;
  if (isChanged) setShown(filter);
  if (left !== lastOpenId && (isChanged || lastOpenId === undefined)) setLeft(lastOpenId);
  return lastOpenId === left ? undefined : lastOpenId;
}

const keyOf = ({ id }: Conversation): string => id;

interface RowsProps extends ConversationListProps {
  conversations: readonly Conversation[];
  onMenu: ConversationRowProps['onMenu'];
  loadPage: (() => void) | undefined;
  /** Scrolls with the rows. */
  top: ReactElement | undefined;
}

function Rows(props: RowsProps): ReactNode {
  const { conversations, onOpen, openId, lastOpenId, onMenu, loadPage, top, renderConversation } = props;
  const styles = useStyles(createStyles);
  const [start] = useState(() => startOf(conversations, lastOpenId));
  const now = useNow();
  const list = useRef<LegendListRef>(null);
  const { setRef, onMove, focusAt } = useRowFocus(conversations, keyOf, list);
  useFocusOnReturn({ conversations, openId, lastOpenId, focusAt });
  return (
    <LegendList
      ref={list}
      data={conversations}
      extraData={`${openId ?? ''} ${now}`}
      keyExtractor={keyOf}
      estimatedItemSize={ROW_HEIGHT}
      {...(renderConversation === undefined && FIXED_HEIGHT)}
      onEndReached={loadPage}
      onEndReachedThreshold={PAGE_AHEAD}
      {...(top !== undefined && { ListHeaderComponent: top })}
      {...start}
      style={styles.grow}
      contentContainerStyle={styles.content}
      renderItem={({ item }: { item: Conversation }) => {
        const { id } = item;
        const isChosen = id === openId;
        const row = { now, onPress: onOpen, onMenu, setRef, onMove, conversation: item, isChosen };
        return renderConversation?.(row) ?? <ConversationRow {...row} />;
      }}
    />
  );
}

function startOf(conversations: readonly Conversation[], lastOpenId: string | undefined): object {
  const index = conversations.findIndex(({ id }) => id === lastOpenId);
  return index > 0 ? { initialScrollIndex: { index, viewPosition: 0.4 } } : {};
}

interface FiltersProps {
  filters: readonly ConversationFilter[];
  chosen: ConversationFilter;
  onChoose: (filter: ConversationFilter) => void;
}

function Filters({ filters, chosen, onChoose }: FiltersProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const unread = useClientState(unreadConversations);
  return (
    <View role="group" aria-label={t('filterLabel')} style={styles.chips}>
      {filters.map((filter) => (
        <Chip
          key={filter}
          label={t(FILTER_KEYS[filter])}
          count={filter === 'unread' ? unread : 0}
          isChosen={filter === chosen}
          onPress={() => onChoose(filter)}
        />
      ))}
    </View>
  );
}

interface EmptyListProps {
  filter: ConversationFilter;
  isLoaded: boolean;
  onNewChat: (() => void) | undefined;
  onMore: () => void;
}

function EmptyList({ filter, isLoaded, onNewChat, onMore }: EmptyListProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const hasEnded = useHasEnded();
  if (!isLoaded && !hasEnded)
    return (
      <View style={styles.waiting} onLayout={onMore}>
        <Busy />
      </View>
    );
  return (
    <Empty
      icon="general"
      title={t(EMPTY_KEYS[filter])}
      hint={filter === 'all' ? t('emptyAllHint') : undefined}
    >
      {filter === 'all' && onNewChat !== undefined && (
        <Button tone="primary" label={t('newChat')} onPress={onNewChat} />
      )}
    </Empty>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    list: { flex: 1, minHeight: 0, backgroundColor: colors.surface },
    grow: { flex: 1 },
    // In small windows, and with large texts, they take another line: nothing has to be scrolled sideways.
    chips: { flexDirection: 'row', flexWrap: 'wrap', gap: 8, paddingHorizontal: 16, paddingVertical: 8 },
    content: { paddingBottom: 16, paddingTop: 4 },
    waiting: { flex: 1, alignItems: 'center', justifyContent: 'center' },
  });
