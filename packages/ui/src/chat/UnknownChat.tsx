import { lazy, Suspense, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { useOutbox } from '@parley/react';
import { useStyles, useTexts } from '../context.js';
import { Busy } from '../parts/Busy.js';
import { Text } from '../parts/Text.js';
import { useHasEnded } from '../state.js';
import type { Theme } from '../theme/index.js';
import type { ChatProps } from './Chat.js';

const Unsent = lazy(async () => ({ default: (await import('./Unsent.js')).Unsent }));

/** Stands for a conversation that is not on this device: not yet, or not any more. */
export function UnknownChat({ conversationId, onBack }: ChatProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const hasEnded = useHasEnded();
  const refused = useOutbox().messages.filter(
    (message) => message.conversationId === conversationId && message.status === 'failed',
  );
  const waiting = (
    <View style={styles.waiting}>{hasEnded ? <Text tone="soft">{t('loadFailed')}</Text> : <Busy />}</View>
  );
  if (refused.length === 0) return waiting;
  return (
    <Suspense fallback={waiting}>
      <Unsent messages={refused} onBack={onBack} />
    </Suspense>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    waiting: { flex: 1, alignItems: 'center', justifyContent: 'center', backgroundColor: colors.page },
  });
