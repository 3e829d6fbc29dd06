import { useEffect, useState, type ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import { asideKey, entryAt, isMessage, logOf } from '@parley/client/selectors';
import { useParley } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { useClientState } from '../state.js';
import { summaryOf } from '../summary.js';
import type { Theme } from '../theme/index.js';
import { useChat, useOpenConversation } from './chatContext.js';

/** The pinned messages, one at a time: a press shows it, and then the one before it. */
export function PinnedBar(): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const parley = useParley();
  const { colors } = useUI().theme;
  const conversation = useOpenConversation();
  const { commands } = useChat();
  const { id, pinnedMessages } = conversation;
  const [back, setBack] = useState(0);
  const seqs = [...pinnedMessages].sort((a, b) => b - a);
  const seq = seqs[back % Math.max(1, seqs.length)];
  const summary = useClientState((state) => {
    const entry =
      seq === undefined ? undefined : (entryAt(logOf(state, id), seq) ?? state.aside[asideKey(id, seq)]);
    return entry !== undefined && isMessage(entry) ? summaryOf(state, entry, t) : undefined;
  });
  useEffect(() => {
    // It stays without its text while it cannot be loaded.
    if (seq !== undefined && summary === undefined)
      void parley
        .conversation(id)
        .loadOne(seq)
        .catch(() => undefined);
  }, [parley, id, seq, summary]);
  if (seq === undefined) return null;
  const show = (): void => {
    commands.jumpTo(seq);
    setBack(back + 1);
  };
  const title = seqs.length === 1 ? t('pinnedMessage') : t.count('pinnedMessages', seqs.length);
  return (
    <Pressable
      role="button"
      aria-label={`${title}: ${summary ?? ''}`}
      onPress={show}
      style={[styles.bar, INNER_OUTLINE]}
      testID="pinned"
    >
      <Icon name="pin" color={colors.accent} size={20} />
      <View style={styles.texts}>
        <Text size="tiny" isBold tone="accent">
          {title}
        </Text>
        <Text size="small" numberOfLines={1} dir="auto">
          {summary ?? '…'}
        </Text>
      </View>
    </Pressable>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    bar: {
      minHeight: 48,
      flexDirection: 'row',
      alignItems: 'center',
      gap: 12,
      paddingHorizontal: 16,
      backgroundColor: colors.surface,
      borderBottomWidth: 1,
      borderBottomColor: colors.line,
    },
    texts: { flex: 1, minWidth: 0 },
  });
