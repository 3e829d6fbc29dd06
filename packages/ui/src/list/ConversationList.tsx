import { LegendList } from '@legendapp/list/react-native';
import { useCallback, useState, type ReactNode } from 'react';
import { ActivityIndicator, ScrollView, StyleSheet, View } from 'react-native';
import type { Conversation, ConversationFilter } from '@parley/client';
import { unreadConversations } from '@parley/client/selectors';
import { useConversations } from '@parley/react';
import { useStyles, useTexts, useUI, type TextKey } from '../context.js';
import { Button } from '../parts/Buttons.js';
import { Chip } from '../parts/Chip.js';
import { Empty } from '../parts/Empty.js';
import { Menu, type Anchor } from '../parts/Menu.js';
import { titleOf, useClientState, useNow } from '../state.js';
import type { Theme } from '../theme/index.js';
import { ConversationRow, type ConversationRowProps } from './ConversationRow.js';
import { useChatActions } from './useChatActions.js';

export interface ConversationListProps {
  onOpen: (conversation: Conversation) => void;
  /** The conversation beside the list, on wide windows. */
  openId?: string | undefined;
  /** Shows a button where there are no conversations yet. */
  onNewChat?: (() => void) | undefined;
  /** Default: all four; an empty list leaves out the filters. */
  filters?: readonly ConversationFilter[] | undefined;
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
const ROW_HEIGHT = 72;
const FIXED_HEIGHT = { getFixedItemSize: () => ROW_HEIGHT };

/** The user's conversations: pinned first, then by newest message, with filters and a menu for each. */
export function ConversationList(props: ConversationListProps): ReactNode {
  const { filters = FILTERS, onNewChat } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const [filter, setFilter] = useState<ConversationFilter>('all');
  const [menu, setMenu] = useState<{ conversation: Conversation; anchor: Anchor | undefined }>();
  const { conversations, isLoaded, hasMore, loadMore } = useConversations(filter);
  const { menuFor } = useChatActions();
  const onMenu = useCallback(
    (conversation: Conversation, anchor: Anchor | undefined) => setMenu({ conversation, anchor }),
    [],
  );
  const loadPage = (): void => void loadMore().catch(() => undefined);
  const rows = { ...props, conversations, filter, onMenu, loadPage: hasMore ? loadPage : undefined };
  return (
    <View style={styles.list}>
      {filters.length > 0 && <Filters filters={filters} chosen={filter} onChoose={setFilter} />}
      {conversations.length === 0 ? (
        <EmptyList filter={filter} isLoaded={isLoaded && !hasMore} onNewChat={onNewChat} onMore={loadPage} />
      ) : (
        <Rows {...rows} />
      )}
      {menu !== undefined && (
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

interface RowsProps extends ConversationListProps {
  conversations: readonly Conversation[];
  filter: ConversationFilter;
  onMenu: ConversationRowProps['onMenu'];
  loadPage: (() => void) | undefined;
}

function Rows(props: RowsProps): ReactNode {
  const { conversations, filter, onOpen, openId, onMenu, loadPage, renderConversation } = props;
  const styles = useStyles(createStyles);
  const now = useNow();
  return (
    <LegendList
      data={conversations}
      dataKey={filter}
      extraData={`${openId ?? ''} ${now}`}
      keyExtractor={({ id }) => id}
      estimatedItemSize={ROW_HEIGHT}
      {...(renderConversation === undefined && FIXED_HEIGHT)}
      onEndReached={loadPage}
      style={styles.grow}
      contentContainerStyle={styles.content}
      renderItem={({ item }: { item: Conversation }) => {
        const row = { now, onPress: onOpen, onMenu, conversation: item, isChosen: item.id === openId };
        return renderConversation?.(row) ?? <ConversationRow {...row} />;
      }}
    />
  );
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
    <ScrollView horizontal showsHorizontalScrollIndicator={false} style={styles.filters}>
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
    </ScrollView>
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
  const { colors } = useUI().theme;
  if (!isLoaded)
    return (
      <View style={styles.waiting} onLayout={onMore}>
        <ActivityIndicator color={colors.accent} />
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
    filters: { flexGrow: 0 },
    chips: { flexDirection: 'row', gap: 8, paddingHorizontal: 16, paddingVertical: 8 },
    content: { paddingBottom: 16, paddingTop: 4 },
    waiting: { flex: 1, alignItems: 'center', justifyContent: 'center' },
  });
