import { memo, useState, type ReactNode } from 'react';
import { Platform, Pressable, StyleSheet, useWindowDimensions, View } from 'react-native';
import { useStyles, useTexts, useUI } from '../context.js';
import { Avatar } from '../parts/Avatar.js';
import { IconButton } from '../parts/Buttons.js';
import { WIDE } from '../parts/Dialog.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { anchorOf, type Anchor } from '../parts/Menu.js';
import { menuPress } from '../parts/menuPress.js';
import { Text } from '../parts/Text.js';
import { nameIn, useClientState } from '../state.js';
import { kindOf, summaryOf, wordsOf } from '../summary.js';
import type { Theme } from '../theme/index.js';
import { useChat } from './chatContext.js';
import { MessageBubble } from './MessageBubble.js';
import { Reactions } from './Reactions.js';
import { SeenBy } from './SeenBy.js';
import type { BubbleProps } from './slots.js';
import { useFailure } from './UploadProgress.js';

const AVATAR = 32;

export interface MessageRowProps extends BubbleProps {
  isHighlighted: boolean;
  setRef: (key: string, view: View | null) => void;
  onMove: (key: string, by: number) => void;
}

/** A bubble with what stands around it: the sender's picture, reactions, the failure, a button for actions. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactNode {
  const { item, conversationType, isHighlighted, setRef, onMove } = props;
  const styles = useStyles(createStyles);
  const { slots, commands } = useChat();
  const [isHovered, setHovered] = useState(false);
  const label = useRowLabel(item);
  const { isOwn, startsGroup, message } = item;
  const open = (anchor?: Anchor): void => commands.openActions(item, anchor);
  return (
    <View
      ref={(view) => setRef(item.key, view)}
      role="article"
      aria-label={label}
      testID="message"
      tabIndex={-1}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
      onKeyDown={(event) => {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (by !== undefined) onMove(item.key, by);
        else if (event.key === 'Enter' || event.key === ' ') open();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
      style={[
        styles.row,
        INNER_OUTLINE,
        startsGroup && styles.start,
        isOwn && styles.own,
        isHighlighted && styles.highlighted,
      ]}
    >
      <Picture {...props} />
      <View style={[styles.column, isOwn && styles.ownColumn]}>
        <Pressed onMenu={open}>
          {slots.renderBubble?.({ item, conversationType }) ?? (
            <MessageBubble item={item} conversationType={conversationType} />
          )}
        </Pressed>
        {message !== undefined && (
          <Reactions message={message} onReact={(emoji) => commands.react(message, emoji)} />
        )}
        {isOwn && message !== undefined && conversationType !== 'direct' && <SeenBy message={message} />}
        {item.status === 'failed' && <Failure {...props} />}
      </View>
      {Platform.OS === 'web' && <ActionsButton isShown={isHovered} onOpen={open} />}
    </View>
  );
});

/** Opens the menu of a message. In browsers no button: presses must leave the text selectable. */
function Pressed({
  onMenu,
  children,
}: {
  onMenu: (anchor?: Anchor) => void;
  children: ReactNode;
}): ReactNode {
  const press = menuPress(onMenu);
  if (Platform.OS !== 'web') return <Pressable {...press}>{children}</Pressable>;
  return (
    <View {...press} style={FULL}>
      {children}
    </View>
  );
}

const FULL = { maxWidth: '100%' } as const;

function ActionsButton({
  isShown,
  onOpen,
}: {
  isShown: boolean;
  onOpen: (anchor?: Anchor) => void;
}): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const [isFocused, setFocused] = useState(false);
  if (useWindowDimensions().width < WIDE) return null;
  return (
    <IconButton
      icon="menu"
      label={t('messageActions')}
      size={18}
      tabIndex={-1}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
      onPress={(event) => onOpen(anchorOf(event))}
      style={[styles.actions, !isShown && !isFocused && styles.hidden]}
    />
  );
}

/** Groups show who speaks; the first message of a run has the picture. */
function Picture({ item, conversationType }: BubbleProps): ReactNode {
  const styles = useStyles(createStyles);
  const { slots } = useChat();
  const { message, isOwn, startsGroup } = item;
  if (isOwn || conversationType === 'direct' || message === undefined) return null;
  return (
    <View style={styles.picture}>
      {startsGroup &&
        (slots.renderAvatar?.({ item, conversationType }) ?? (
          <Avatar
            id={message.senderId}
            name={message.sender.name ?? message.senderId}
            picture={message.sender.avatar}
            size={AVATAR}
          />
        ))}
    </View>
  );
}

function Failure({ item }: BubbleProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { commands } = useChat();
  const failure = useFailure(item.pending ?? {});
  return (
    <Pressable
      role="button"
      aria-label={`${t('statusFailed')}. ${t('retry')}`}
      onPress={(event) => commands.openActions(item, anchorOf(event))}
      style={styles.failure}
    >
      <Text size="small" tone="danger">
        {t('statusFailed')}: {t(failure)}
      </Text>
    </Pressable>
  );
}

function useRowLabel({ message, pending, isOwn }: MessageRowProps['item']): string {
  const t = useTexts();
  const { formats } = useUI();
  return useClientState((state) => {
    const sender = isOwn ? t('you') : nameIn(state, message?.senderId ?? '', t);
    const time = formats.clock(message?.createdAt ?? pending?.createdAt ?? '');
    const text =
      message !== undefined
        ? summaryOf(state, message, t)
        : pending === undefined
          ? ''
          : wordsOf({ kind: kindOf(pending), content: pending.content }, t);
    return t('messageLabel', { name: sender, time, text });
  });
}

const createStyles = ({ colors, sizes }: Theme) =>
  StyleSheet.create({
    row: { flexDirection: 'row', paddingHorizontal: 12, paddingTop: 2, gap: 6, borderRadius: 12 },
    start: { paddingTop: 10 },
    own: { flexDirection: 'row-reverse' },
    highlighted: { backgroundColor: colors.surfaceChosen },
    column: { alignItems: 'flex-start', maxWidth: sizes.bubbleMaxWidth, flexShrink: 1, minWidth: 0 },
    ownColumn: { alignItems: 'flex-end', marginStart: 36 },
    picture: { width: AVATAR },
    actions: { alignSelf: 'center', minWidth: 32, minHeight: 32, borderRadius: 16 },
    hidden: { opacity: 0 },
    failure: { minHeight: 32, justifyContent: 'center', paddingHorizontal: 4 },
  });
