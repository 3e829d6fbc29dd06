import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { Conversation } from '@parley/client';
import { isConnected, peerOf } from '@parley/client/selectors';
import { usePresence } from '@parley/react';
import { useStyles, useTexts, useUI, type Translate } from '../context.js';
import type { Formats } from '../formats.js';
import { Avatar } from '../parts/Avatar.js';
import { IconButton } from '../parts/Buttons.js';
import { anchorOf, type Anchor } from '../parts/Menu.js';
import { Heading, Text } from '../parts/Text.js';
import { titleOf, useClientState, useIsOnline, useNow } from '../state.js';
import type { Theme } from '../theme/index.js';
import { Occasion, type OccasionProps } from './Occasion.js';
import { useTypingText } from './TypingRow.js';

export interface ChatHeaderProps extends OccasionProps {
  conversation: Conversation;
  onBack?: (() => void) | undefined;
  onOpenInfo?: (() => void) | undefined;
  onSearch: () => void;
  onMenu: (anchor: Anchor) => void;
}

/** Name and state of the other side, and what the chat is about. */
export function ChatHeader(props: ChatHeaderProps): ReactNode {
  const { onBack, onSearch, onMenu, onOpenOccasion } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  return (
    <View style={styles.header}>
      <View style={styles.line}>
        {onBack !== undefined && <IconButton icon="back" label={t('back')} onPress={onBack} />}
        <Peer {...props} />
        <IconButton icon="search" label={t('searchHere')} onPress={onSearch} />
        <IconButton icon="menu" label={t('chatActions')} onPress={(event) => onMenu(anchorOf(event))} />
      </View>
      <Occasion onOpenOccasion={onOpenOccasion} />
    </View>
  );
}

function Peer({ conversation, onOpenInfo }: ChatHeaderProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const isOnline = useIsOnline(conversation.otherUserId);
  const subtitle = useSubtitle(conversation);
  const typing = useTypingText(conversation);
  const name = titleOf(conversation, t);
  const peer = peerOf(conversation);
  return (
    <Pressable
      role="button"
      aria-label={`${t('about')}: ${name}`}
      disabled={onOpenInfo === undefined}
      onPress={onOpenInfo}
      style={styles.person}
    >
      <Avatar
        id={peer._id}
        name={name}
        picture={peer.avatar}
        size={40}
        isGroup={conversation.type !== 'direct'}
        isOnline={isOnline}
      />
      <View style={styles.texts}>
        <Heading level={2} numberOfLines={1} testID="chat-title">
          {name}
        </Heading>
        <Text
          size="small"
          tone={typing === undefined ? 'soft' : 'accent'}
          numberOfLines={1}
          testID="chat-subtitle"
        >
          {typing ?? subtitle}
        </Text>
      </View>
    </Pressable>
  );
}

/** Number of members; or presence, which is unknown without a connection. */
export function useSubtitle(conversation: Conversation): string {
  const t = useTexts();
  const { formats } = useUI();
  const now = useNow();
  const isLinked = useClientState(isConnected);
  const presence = usePresence(conversation.otherUserId);
  const { type, memberCount } = conversation;
  if (type !== 'direct') return t.count(type === 'channel' ? 'subscribers' : 'members', memberCount);
  if (!isLinked || presence === undefined) return '';
  if (presence.status === 'online') return t('online');
  if (presence.lastSeenAt === undefined) return t('offline');
  return lastSeenText(presence.lastSeenAt, { now, t, formats });
}

interface Clock {
  now: number;
  t: Translate;
  formats: Formats;
}

const MINUTE_MS = 60_000;

function lastSeenText(at: string, { now, t, formats }: Clock): string {
  const minutes = Math.floor((now - Date.parse(at)) / MINUTE_MS);
  if (minutes < 1) return t('seenNow');
  if (minutes < 60) return t.count('seenMinutes', minutes);
  const days = formats.daysAgo(at, now);
  if (days === 0) return t('seenToday', { time: formats.clock(at) });
  if (days === 1) return t('seenYesterday', { time: formats.clock(at) });
  return t('seenOn', { day: formats.shortDay(at) });
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    header: { backgroundColor: colors.surface, borderBottomWidth: 1, borderBottomColor: colors.line },
    line: { flexDirection: 'row', alignItems: 'center', minHeight: 64, paddingHorizontal: 6 },
    person: {
      flex: 1,
      flexDirection: 'row',
      alignItems: 'center',
      gap: 12,
      minWidth: 0,
      padding: 6,
      borderRadius: 12,
    },
    texts: { flex: 1, minWidth: 0 },
  });
