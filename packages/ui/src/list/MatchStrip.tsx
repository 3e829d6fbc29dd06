import { useState, type ReactNode } from 'react';
import { Pressable, ScrollView, StyleSheet, View } from 'react-native';
import type { Conversation, UserView } from '@parley/client';
import { useConversation, usePresence } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import { Avatar } from '../parts/Avatar.js';
import { Badge } from '../parts/Chip.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { Icon } from '../parts/Icon.js';
import { Menu, type Anchor } from '../parts/Menu.js';
import { menuPress } from '../parts/menuPress.js';
import { Heading, Text } from '../parts/Text.js';
import { nameOf, titleOf, useIsOnline } from '../state.js';
import type { Theme } from '../theme/index.js';
import { useChatActions } from './useChatActions.js';

/** Two users who may talk, as the app's backend has decided. It has opened their conversation. */
export interface Match {
  user: UserView;
  conversationId: string;
}

export interface MatchStripProps {
  /** In the order of showing. */
  matches: readonly Match[];
  onOpen: (conversationId: string) => void;
  /** The conversation beside the list, on wide windows. */
  openId?: string | undefined;
  /** Shows a button before the first match. */
  onFind?: (() => void) | undefined;
}

interface Shown {
  conversation: Conversation;
  anchor: Anchor;
}

/** Matches in a line above the list: presence, unread messages, and a menu to block or to unmatch. */
export function MatchStrip({ matches, onOpen, openId, onFind }: MatchStripProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { dangersFor } = useChatActions();
  const [menu, setMenu] = useState<Shown>();
  return (
    <View role="group" aria-label={t('matches')} testID="matches" style={styles.strip}>
      <Heading level={2} size="small" style={styles.title}>
        {t('matches')}
      </Heading>
      <ScrollView horizontal showsHorizontalScrollIndicator={false} contentContainerStyle={styles.line}>
        {onFind !== undefined && <FindButton onFind={onFind} />}
        {matches.map((match) => (
          <MatchItem
            key={match.conversationId}
            match={match}
            isChosen={match.conversationId === openId}
            onOpen={onOpen}
            onMenu={setMenu}
          />
        ))}
      </ScrollView>
      {menu !== undefined && (
        <Menu
          label={titleOf(menu.conversation, t)}
          items={dangersFor(menu.conversation)}
          anchor={menu.anchor}
          onClose={() => setMenu(undefined)}
        />
      )}
    </View>
  );
}

function FindButton({ onFind }: { onFind: () => void }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { colors } = useUI().theme;
  return (
    <Pressable
      role="button"
      aria-label={t('findMatches')}
      onPress={onFind}
      style={({ hovered }) => [styles.item, INNER_OUTLINE, hovered === true && styles.hover]}
    >
      <View style={styles.find}>
        <Icon name="match" color={colors.accent} size={26} />
      </View>
      <Text size="tiny" tone="accent" numberOfLines={1} style={styles.name}>
        {t('find')}
      </Text>
    </Pressable>
  );
}

interface MatchItemProps {
  match: Match;
  isChosen: boolean;
  onOpen: (conversationId: string) => void;
  onMenu: (shown: Shown) => void;
}

function MatchItem({ match: { user, conversationId }, isChosen, onOpen, onMenu }: MatchItemProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const conversation = useConversation(conversationId);
  // Watches users who are not among the first of the list.
  usePresence(user._id);
  const isOnline = useIsOnline(user._id);
  const name = nameOf(user, t);
  const unread = conversation?.unreadCount ?? 0;
  // One that was deleted or cleared is not new.
  const isUntouched = conversation?.isDeleted === false && conversation.visibleFromSeq === 1;
  const isNew = isUntouched && conversation.lastMessage === undefined;
  const marks = [isOnline && t('online'), isNew && t('newMatch'), unread > 0 && t.count('unread', unread)];
  const openMenu = (anchor: Anchor): void => {
    if (conversation !== undefined) onMenu({ conversation, anchor });
  };
  return (
    <Pressable
      role="button"
      testID="match"
      aria-label={[name, ...marks].filter(Boolean).join(t('comma'))}
      aria-current={isChosen ? 'page' : undefined}
      onPress={() => onOpen(conversationId)}
      {...menuPress(openMenu)}
      style={({ hovered }) => [
        styles.item,
        INNER_OUTLINE,
        hovered === true && styles.hover,
        isChosen && styles.chosen,
      ]}
    >
      <View style={[styles.ring, isNew && styles.newRing]}>
        <Avatar id={user._id} name={name} picture={user.avatar} size={52} isOnline={isOnline} />
        {unread > 0 && (
          <View style={styles.badge}>
            <Badge count={unread} isQuiet={conversation?.isMuted} />
          </View>
        )}
      </View>
      <Text size="tiny" isBold={unread > 0} numberOfLines={1} style={styles.name}>
        {name}
      </Text>
    </Pressable>
  );
}

const ITEM_WIDTH = 84;

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    strip: { paddingTop: 8, backgroundColor: colors.surface },
    title: { paddingHorizontal: 16, color: colors.textSoft },
    line: { paddingHorizontal: 10, paddingVertical: 4, gap: 2 },
    item: { width: ITEM_WIDTH, alignItems: 'center', gap: 2, paddingVertical: 4, borderRadius: 14 },
    hover: { backgroundColor: colors.surfaceHover },
    chosen: { backgroundColor: colors.surfaceChosen },
    ring: { padding: 3, borderRadius: 32, borderWidth: 2, borderColor: 'transparent' },
    newRing: { borderColor: colors.accentFill },
    badge: { position: 'absolute', top: -2, end: -6 },
    find: {
      width: 58,
      height: 58,
      margin: 2,
      borderRadius: 29,
      alignItems: 'center',
      justifyContent: 'center',
      backgroundColor: colors.surfaceChosen,
    },
    name: { maxWidth: ITEM_WIDTH - 4, textAlign: 'center' },
  });
