import { useEffect, useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import type { MessagesView } from '@parley/react';
import { useStyles, useTexts } from '../context.js';
import { Busy } from '../parts/Busy.js';
import { Button } from '../parts/Buttons.js';
import { Empty } from '../parts/Empty.js';
import { Text } from '../parts/Text.js';
import { useHasEnded } from '../state.js';
import { useChat } from './chatContext.js';

/** Time for the first page, which opening the chat loads, in ms. */
const PATIENCE_MS = 500;

interface UnfilledListProps {
  view: MessagesView;
  /** False while it is not known where the list opens. */
  isPlaced: boolean;
}

/** A chat without a message to show: it is being loaded, could not be loaded, or is empty. */
export function UnfilledList({ view, isPlaced }: UnfilledListProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { slots } = useChat();
  const hasEnded = useHasEnded();
  const isMissing = useOlder(view);
  if (view.loading === 'failed' || (hasEnded && isMissing))
    return (
      <View style={styles.center} role="alert">
        <Text tone="soft">{t('loadFailed')}</Text>
        {!hasEnded && (
          <Button label={t('tryAgain')} onPress={() => void view.loadOlder().catch(() => undefined)} />
        )}
      </View>
    );
  if (!isPlaced || view.loading === 'loading' || isMissing)
    return (
      <View style={styles.center} role="status" aria-label={t('loadingMessages')}>
        <Busy />
      </View>
    );
  return (
    slots.renderChatEmpty?.() ?? <Empty icon="general" title={t('emptyChat')} hint={t('emptyChatHint')} />
  );
}

/**
 * Loads older messages while none of the loaded ones is shown: the user may have deleted all of them for themselves.
 *
 * @returns true while there may be more
 */
function useOlder({ hasOlder, loading, items, loadOlder }: MessagesView): boolean {
  const [isExhausted, setExhausted] = useState(false);
  const isMissing = hasOlder && items.length === 0 && !isExhausted;
  const isIdle = loading === 'idle';
  useEffect(() => {
    if (!isMissing || !isIdle) return;
    const timer = setTimeout(() => {
      // A failure is shown, with a button.
      loadOlder().then(
        (isMore) => setExhausted(!isMore),
        () => undefined,
      );
    }, PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isMissing, isIdle, loadOlder]);
  return isMissing;
}

const createStyles = () =>
  StyleSheet.create({
    center: { flex: 1, alignItems: 'center', justifyContent: 'center', gap: 12 },
  });
