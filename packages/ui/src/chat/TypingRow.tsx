import type { ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import type { Conversation } from '@parley/client';
import { useTyping } from '@parley/react';
import { useStyles, useTexts, type Translate } from '../context.js';
import { Text } from '../parts/Text.js';
import { useNames } from '../state.js';
import type { Theme } from '../theme/index.js';

/** Says who types, in words; undefined while no one does. */
export function useTypingText(conversation: Conversation): string | undefined {
  const t = useTexts();
  const nameFor = useNames();
  const userIds = useTyping(conversation.id);
  if (userIds.length === 0) return undefined;
  if (conversation.type === 'direct') return t('typing');
  return sentenceOf(userIds.map(nameFor), t);
}

function sentenceOf([name = '', other, ...more]: readonly string[], t: Translate): string {
  if (other === undefined) return t('typingOne', { name });
  return more.length > 0 ? t('typingMany') : t('typingTwo', { name, other });
}

/** A bubble at the end of the list while others type. */
export function TypingRow({ conversation }: { conversation: Conversation }): ReactNode {
  const styles = useStyles(createStyles);
  const text = useTypingText(conversation);
  if (text === undefined) return null;
  return (
    <View style={styles.row}>
      <View style={styles.bubble} testID="typing">
        <View style={styles.dots} aria-hidden>
          <View style={styles.dot} />
          <View style={styles.dot} />
          <View style={styles.dot} />
        </View>
        <Text size="small" style={styles.text}>
          {text}
        </Text>
      </View>
    </View>
  );
}

const createStyles = ({ colors, sizes }: Theme) =>
  StyleSheet.create({
    row: { flexDirection: 'row', paddingHorizontal: 12, paddingTop: 10 },
    bubble: {
      flexDirection: 'row',
      alignItems: 'center',
      gap: 8,
      backgroundColor: colors.otherBubble,
      borderRadius: sizes.bubbleRadius,
      borderTopStartRadius: 6,
      paddingHorizontal: 14,
      paddingVertical: 9,
    },
    dots: { flexDirection: 'row', gap: 3 },
    dot: { width: 6, height: 6, borderRadius: 3, backgroundColor: colors.accent },
    text: { color: colors.otherBubbleMeta },
  });
