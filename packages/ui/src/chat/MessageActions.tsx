import { useState, type ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { Message } from '@parley/client';
import { closedReasonOf, mayManage, rightsOf } from '@parley/client/selectors';
import { useParley, type MessageItem } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import { useAsk } from '../parts/Ask.js';
import { IconButton } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { Menu, type Anchor, type MenuItem } from '../parts/Menu.js';
import { Text } from '../parts/Text.js';
import { useAttempt, useToast } from '../parts/Toast.js';
import type { Theme } from '../theme/index.js';
import { whenGone } from '../whenGone.js';
import { useChat, useOpenConversation } from './chatContext.js';

export const QUICK_REACTIONS = ['👍', '❤️', '😂', '😮', '😢'] as const;
const MORE_REACTIONS = [
  ...['🙏', '🔥', '🎉', '👏', '💯', '😍', '🤔', '😅', '😎', '🥳', '🤝', '👀'],
  ...['✅', '❌', '😡', '💔', '🙌', '☕', '🌹', '😘', '🥰', '😴', '🤗', '🙈'],
];

export interface MessageActionsProps {
  item: MessageItem;
  anchor: Anchor | undefined;
  onClose: () => void;
}

/** Menu of a message: react, reply, edit, pin, delete, report; offered is what the server would allow. */
export function MessageActions({ item, anchor, onClose }: MessageActionsProps): ReactNode {
  const t = useTexts();
  const { commands } = useChat();
  const [isChoosing, setChoosing] = useState(false);
  const items = useItems(item);
  const { message } = item;
  const { isClosed } = useOpenConversation();
  const mayReact = message !== undefined && message.deletedAt === undefined && !isClosed;
  const react = (emoji: string): void => {
    onClose();
    if (message !== undefined) commands.react(message, emoji);
  };
  if (isChoosing && mayReact) return <ReactionChoice onChoose={react} onClose={onClose} />;
  return (
    <Menu
      label={t('messageActions')}
      items={items}
      anchor={anchor}
      onClose={onClose}
      header={mayReact ? <QuickReactions onReact={react} onMore={() => setChoosing(true)} /> : undefined}
    />
  );
}

function useItems(item: MessageItem): MenuItem[] {
  const t = useTexts();
  const parley = useParley();
  const { message, pending } = item;
  const stored = useStoredItems();
  if (message !== undefined) return stored(message, item.isOwn);
  if (pending === undefined) return [];
  const { clientMessageId, status } = pending;
  const discard: MenuItem = {
    label: t('discard'),
    icon: 'trash',
    isDanger: true,
    run: () => parley.outbox.discard(clientMessageId),
  };
  const retry: MenuItem = {
    label: t('retry'),
    icon: 'send',
    run: () => parley.outbox.retry(clientMessageId),
  };
  return status === 'failed' ? [retry, discard] : [discard];
}

function useStoredItems(): (message: Message, isOwn: boolean) => MenuItem[] {
  const t = useTexts();
  const attempt = useAttempt();
  const show = useToast();
  const remove = useDelete();
  const parley = useParley();
  const conversation = useOpenConversation();
  const { commands } = useChat();
  const { copyText } = useUI().device;
  const mayWrite = closedReasonOf(conversation) === undefined;
  return (message, isOwn) => {
    const { seq, content, pinned = false, kind } = message;
    const deletion: MenuItem = {
      label: t('delete'),
      icon: 'trash',
      isDanger: true,
      run: () => void remove(message, isOwn),
    };
    if (message.deletedAt !== undefined) return [deletion];
    const pin = (): void => void attempt(parley.conversation(conversation.id).pin(seq, !pinned));
    const copy = (): void => void copyText?.(content).then(() => show(t('copied')));
    const items: (MenuItem | false)[] = [
      mayWrite && { label: t('reply'), icon: 'reply', run: () => commands.reply(message) },
      content !== '' && copyText !== undefined && { label: t('copy'), icon: 'copy', run: copy },
      isOwn &&
        mayWrite &&
        (content !== '' || kind !== 'text') && {
          label: t('edit'),
          icon: 'edit',
          run: () => commands.edit(message),
        },
      !conversation.isClosed &&
        mayManage(conversation) && { label: t(pinned ? 'unpin' : 'pin'), icon: 'pin', run: pin },
      { label: t('info'), icon: 'info', run: () => commands.openInfo(message) },
      !isOwn && { label: t('report'), icon: 'flag', isDanger: true, run: () => commands.report(message) },
      deletion,
    ];
    return items.filter((one) => one !== false);
  };
}

/** Asks for whom, and deletes. */
function useDelete(): (message: Message, isOwn: boolean) => Promise<void> {
  const t = useTexts();
  const ask = useAsk();
  const attempt = useAttempt();
  const parley = useParley();
  const conversation = useOpenConversation();
  return async (message, isOwn) => {
    const isManager = conversation.type !== 'direct' && rightsOf(conversation.role).manage;
    const mayForAll = message.deletedAt === undefined && (isOwn || isManager);
    const scope = await ask<'me' | 'everyone'>({
      title: t('deleteTitle'),
      closeWhen: whenGone(parley, conversation.id),
      text: t(mayForAll ? 'deleteForAllText' : 'deleteForMeText'),
      choices: [
        ...(mayForAll ? [{ label: t('deleteForAll'), value: 'everyone' as const }] : []),
        { label: t('deleteForMe'), value: 'me' as const },
      ],
    });
    if (scope !== undefined) await attempt(parley.conversation(conversation.id).delete(message.seq, scope));
  };
}

interface QuickReactionsProps {
  onReact: (emoji: string) => void;
  onMore: () => void;
}

function QuickReactions({ onReact, onMore }: QuickReactionsProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  return (
    <View style={styles.quick}>
      {QUICK_REACTIONS.map((emoji) => (
        <Emoji key={emoji} emoji={emoji} onPress={() => onReact(emoji)} />
      ))}
      <IconButton
        icon="plus"
        size={18}
        label={t('moreReactions')}
        onPress={onMore}
        style={[styles.emoji, INNER_OUTLINE]}
      />
    </View>
  );
}

function Emoji({ emoji, onPress }: { emoji: string; onPress: () => void }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  return (
    <Pressable
      role="button"
      aria-label={t('reactWith', { emoji })}
      onPress={onPress}
      style={({ hovered, pressed }) => [
        styles.emoji,
        INNER_OUTLINE,
        (hovered === true || pressed) && styles.hover,
      ]}
    >
      <Text style={styles.emojiText}>{emoji}</Text>
    </Pressable>
  );
}

interface ReactionChoiceProps {
  onChoose: (emoji: string) => void;
  onClose: () => void;
}

function ReactionChoice({ onChoose, onClose }: ReactionChoiceProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  return (
    <Dialog title={t('moreReactions')} onClose={onClose}>
      <View style={styles.grid}>
        {[...QUICK_REACTIONS, ...MORE_REACTIONS].map((emoji) => (
          <Emoji key={emoji} emoji={emoji} onPress={() => onChoose(emoji)} />
        ))}
      </View>
    </Dialog>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    quick: { flexDirection: 'row', justifyContent: 'space-between', paddingHorizontal: 8, paddingBottom: 6 },
    grid: { flexDirection: 'row', flexWrap: 'wrap', gap: 4 },
    emoji: { minWidth: 38, minHeight: 44, borderRadius: 12, alignItems: 'center', justifyContent: 'center' },
    emojiText: { fontSize: 24, lineHeight: 32 },
    hover: { backgroundColor: colors.surfaceHover },
  });
