import { memo, useCallback, useSyncExternalStore, type ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { Conversation } from '@parley/client';
import { peerOf } from '@parley/client/selectors';
import { useStyles, useTexts, useUI, type Translate } from '../context.js';
import { cleanText } from '../lengths.js';
import { Avatar } from '../parts/Avatar.js';
import { Badge } from '../parts/Chip.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { Icon } from '../parts/Icon.js';
import type { Anchor } from '../parts/Menu.js';
import { menuPress } from '../parts/menuPress.js';
import { Text } from '../parts/Text.js';
import { Ticks } from '../parts/Ticks.js';
import type { RowFocus } from '../parts/useRowFocus.js';
import { titleOf, useClientState, useIsOnline } from '../state.js';
import type { Theme } from '../theme/index.js';
import { previewOf, type Preview } from './preview.js';

export interface ConversationRowProps {
  conversation: Conversation;
  isChosen: boolean;
  now: number;
  onPress: (conversation: Conversation) => void;
  onMenu: (conversation: Conversation, anchor: Anchor | undefined) => void;
  /** Lets arrow keys move from row to row. */
  setRef?: RowFocus['setRef'] | undefined;
  onMove?: RowFocus['onMove'] | undefined;
}

export const ConversationRow = memo(function ConversationRow(props: ConversationRowProps): ReactNode {
  const { conversation, isChosen, now, onPress, onMenu, setRef, onMove } = props;
  const { id } = conversation;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats } = useUI();
  const isOnline = useIsOnline(conversation.otherUserId);
  const preview = usePreview(conversation, isChosen);
  const name = titleOf(conversation, t);
  const time = formats.listTime(conversation.lastMessageAt, now, t('yesterday'));
  const peer = peerOf(conversation);
  const ref = useCallback((row: View | null) => setRef?.(id, row), [setRef, id]);
  return (
    <Pressable
      ref={ref}
      role="button"
      testID="conversation"
      aria-label={labelOf({ conversation, name, isOnline, preview, time }, t)}
      aria-current={isChosen ? 'page' : undefined}
      onPress={() => onPress(conversation)}
      {...menuPress((anchor) => onMenu(conversation, anchor))}
      onKeyDown={(event) => {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        onMove?.(id, by);
      }}
      style={({ hovered, pressed }) => [
        styles.row,
        INNER_OUTLINE,
        (hovered === true || pressed) && styles.hover,
        isChosen && styles.chosen,
      ]}
    >
      <Avatar
        id={peer._id}
        name={name}
        picture={peer.avatar}
        isGroup={conversation.type !== 'direct'}
        isOnline={isOnline}
      />
      <Lines {...{ conversation, name, time, preview }} />
    </Pressable>
  );
});

function Lines({ conversation, name, time, preview }: Omit<Labelled, 'isOnline'>): ReactNode {
  const styles = useStyles(createStyles);
  const isUnread = conversation.unreadCount > 0 || conversation.isMarkedUnread;
  return (
    <View style={styles.texts}>
      <View style={styles.line}>
        <Text isBold numberOfLines={1} style={styles.grow} testID="conversation-name">
          {name}
        </Text>
        <Text size="tiny" tone={isUnread && !conversation.isMuted ? 'accent' : 'soft'}>
          {time}
        </Text>
      </View>
      <View style={styles.line}>
        <PreviewLine preview={preview} isUnread={isUnread} />
        <Marks conversation={conversation} />
      </View>
    </View>
  );
}

/** The chosen conversation shows no draft: its field does. */
function usePreview(conversation: Conversation, isChosen: boolean): Preview {
  const t = useTexts();
  const { drafts, direction } = useUI();
  const draft = useSyncExternalStore(
    drafts.subscribe,
    () => (isChosen ? '' : cleanText(drafts.get(conversation.id))),
    () => '',
  );
  const key = useClientState((state) =>
    JSON.stringify(previewOf(state, conversation, { t, draft, direction })),
  );
  // Compared as text, because it is made anew each time.
  return JSON.parse(key) as Preview;
}

function PreviewLine({ preview, isUnread }: { preview: Preview; isUnread: boolean }): ReactNode {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  const tone = isUnread && preview.tone === 'soft' ? 'normal' : preview.tone;
  return (
    <View style={[styles.line, styles.grow]}>
      {preview.tick !== undefined && <Ticks tick={preview.tick} color={colors.textSoft} />}
      {preview.icon !== undefined && <Icon name={preview.icon} size={16} />}
      <Text size="small" tone={tone} numberOfLines={1} dir="auto" style={styles.preview} testID="preview">
        {preview.text}
      </Text>
    </View>
  );
}

function Marks({ conversation }: { conversation: Conversation }): ReactNode {
  const styles = useStyles(createStyles);
  const { unreadCount, isMarkedUnread, isMuted, pinnedAt } = conversation;
  return (
    <View style={styles.marks}>
      {isMuted && <Icon name="muted" size={16} />}
      {pinnedAt !== undefined && <Icon name="pin" size={16} />}
      {unreadCount > 0 && <Badge count={unreadCount} isQuiet={isMuted} />}
      {unreadCount === 0 && isMarkedUnread && <View style={styles.dot} />}
    </View>
  );
}

interface Labelled {
  conversation: Conversation;
  name: string;
  isOnline: boolean;
  preview: Preview;
  time: string;
}

function labelOf({ conversation, name, isOnline, preview, time }: Labelled, t: Translate): string {
  const { unreadCount, isMarkedUnread, isMuted, pinnedAt } = conversation;
  const unread = unreadCount > 0 ? t.count('unread', unreadCount) : isMarkedUnread && t('markedUnread');
  const marks = [
    isOnline && t('online'),
    unread,
    isMuted && t('muted'),
    pinnedAt !== undefined && t('pinned'),
  ];
  // Visible texts come first, in their order: voice control finds a control by what it shows.
  return [name, time, preview.text, ...marks].filter(Boolean).join(t('comma'));
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    row: {
      flexDirection: 'row',
      alignItems: 'center',
      gap: 12,
      minHeight: 72,
      paddingHorizontal: 12,
      marginHorizontal: 8,
      borderRadius: 14,
    },
    hover: { backgroundColor: colors.surfaceHover },
    chosen: { backgroundColor: colors.surfaceChosen },
    texts: { flex: 1, minWidth: 0, gap: 2 },
    line: { flexDirection: 'row', alignItems: 'center', gap: 6, minWidth: 0 },
    grow: { flex: 1, minWidth: 0 },
    preview: { flex: 1 },
    marks: { flexDirection: 'row', alignItems: 'center', gap: 6, minHeight: 20 },
    dot: { width: 12, height: 12, borderRadius: 6, backgroundColor: colors.accentFill },
  });
