import type { ReactNode } from 'react';
import { ScrollView, StyleSheet, View } from 'react-native';
import type { PendingMessage } from '@parley/client';
import { useOutbox } from '@parley/react';
import { useStyles, useTexts } from '../context.js';
import { Button } from '../parts/Buttons.js';
import { Empty } from '../parts/Empty.js';
import { Text } from '../parts/Text.js';
import { kindOf, wordsOf } from '../summary.js';
import type { Theme } from '../theme/index.js';
import { useFailure } from './UploadProgress.js';

export interface UnsentProps {
  messages: readonly PendingMessage[];
  onBack: (() => void) | undefined;
}

/**
 * Refused messages of a conversation that the user is not in any more, or that the server does not have any more: they exist
 * nowhere else.
 */
export function Unsent({ messages, onBack }: UnsentProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  return (
    <ScrollView style={styles.page} contentContainerStyle={styles.center}>
      <Empty icon="general" title={t('gone')} hint={t('goneHint')}>
        {onBack !== undefined && <Button label={t('back')} onPress={onBack} />}
      </Empty>
      {messages.map((message) => (
        <UnsentMessage key={message.clientMessageId} message={message} />
      ))}
    </ScrollView>
  );
}

function UnsentMessage({ message }: { message: PendingMessage }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { retry, discard } = useOutbox();
  const failure = useFailure(message);
  const { clientMessageId, content } = message;
  return (
    <View role="article" style={styles.message} testID="message">
      <Text selectable dir="auto" testID="message-text">
        {content === '' ? wordsOf({ kind: kindOf(message), content }, t) : content}
      </Text>
      <Text size="small" tone="danger">
        {t('statusFailed')}: {t(failure)}
      </Text>
      <View style={styles.buttons}>
        <Button label={t('retry')} onPress={() => retry(clientMessageId)} />
        <Button label={t('discard')} tone="danger" onPress={() => discard(clientMessageId)} />
      </View>
    </View>
  );
}

const createStyles = ({ colors, sizes }: Theme) =>
  StyleSheet.create({
    page: { flex: 1, backgroundColor: colors.page },
    center: { flexGrow: 1, alignItems: 'center', justifyContent: 'center', gap: 12, padding: 16 },
    message: {
      width: '100%',
      maxWidth: 480,
      gap: 8,
      padding: 14,
      borderRadius: sizes.bubbleRadius,
      backgroundColor: colors.surface,
    },
    buttons: { flexDirection: 'row', flexWrap: 'wrap', gap: 8 },
  });
