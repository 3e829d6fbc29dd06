import { useEffect, type ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { Message } from '@parley/client';
import { useRelativeDay } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import { Busy } from '../parts/Busy.js';
import { Text } from '../parts/Text.js';
import { useClientState, useHasEnded } from '../state.js';
import { summaryOf } from '../summary.js';
import type { Theme } from '../theme/index.js';
import { useChat } from './chatContext.js';

/** Beginning of a day; a press asks for another one. */
export function DayRow({ day }: { day: string }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats } = useUI();
  const { commands, slots } = useChat();
  const relative = useRelativeDay(day);
  const custom = slots.renderDay?.({ day });
  if (custom !== undefined) return custom;
  const name = relative === undefined ? formats.day(day) : t(relative);
  return (
    <View style={styles.center}>
      <Pressable
        role="button"
        aria-label={`${name}. ${t('goToDay')}`}
        onPress={commands.goToDay}
        style={styles.pill}
      >
        <Text size="tiny" isBold style={styles.pillText} testID="day">
          {name}
        </Text>
      </Pressable>
    </View>
  );
}

export function UnreadRow(): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  return (
    <View role="separator" aria-label={t('unreadMarker')} style={styles.unread} testID="unread-marker">
      <View style={styles.rule} />
      <Text size="small" isBold tone="accent">
        {t('unreadMarker')}
      </Text>
      <View style={styles.rule} />
    </View>
  );
}

/** Messages that are not on the device. Rows are drawn when they come near: that loads them. */
export function GapRow({ onShown }: { onShown: () => void }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const hasEnded = useHasEnded();
  useEffect(onShown, [onShown]);
  return (
    <View role="status" aria-label={hasEnded ? undefined : t('loadingMessages')} style={styles.gap}>
      {hasEnded ? <Text tone="soft">{t('loadFailed')}</Text> : <Busy />}
    </View>
  );
}

/** A line about a change of the group, or a notice of the app. */
export function SystemRow({ message }: { message: Message }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { conversationType, slots } = useChat();
  const text = useClientState((state) => summaryOf(state, message, t));
  if (text === '') return null;
  const item = {
    kind: 'message' as const,
    key: String(message.seq),
    isOwn: false,
    status: message.status,
    content: '',
    startsGroup: true,
    endsGroup: undefined,
    message,
    pending: undefined,
  };
  const custom = slots.renderSystemMessage?.({ item, conversationType, message });
  if (custom !== undefined) return custom;
  return (
    <View style={styles.center}>
      <Text size="tiny" style={styles.system} testID="system-message">
        {text}
      </Text>
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    center: { alignItems: 'center', paddingVertical: 8, paddingHorizontal: 16 },
    pill: {
      minHeight: 26,
      justifyContent: 'center',
      backgroundColor: colors.system,
      borderRadius: 13,
      paddingHorizontal: 12,
    },
    pillText: { color: colors.textSoft },
    system: {
      color: colors.textSoft,
      backgroundColor: colors.system,
      borderRadius: 12,
      overflow: 'hidden',
      paddingHorizontal: 12,
      paddingVertical: 5,
      textAlign: 'center',
    },
    unread: {
      flexDirection: 'row',
      alignItems: 'center',
      gap: 12,
      paddingHorizontal: 16,
      paddingVertical: 8,
    },
    rule: { flex: 1, height: 1, backgroundColor: colors.accent, opacity: 0.4 },
    gap: { height: 80, alignItems: 'center', justifyContent: 'center' },
  });
