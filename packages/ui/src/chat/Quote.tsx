import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { QuoteView } from '@parley/client';
import { useStyles, useTexts, useUI } from '../context.js';
import { hashOf } from '../parts/Avatar.js';
import { Text } from '../parts/Text.js';
import { useNames } from '../state.js';
import { wordsOf } from '../summary.js';
import type { Theme } from '../theme/index.js';

export interface QuoteProps {
  quote: QuoteView | undefined;
  isOwn: boolean;
  onPress?: (() => void) | undefined;
}

/** The message that a reply answers, in two lines. */
export function Quote({ quote, isOwn, onPress }: QuoteProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const nameFor = useNames();
  const { names } = useUI().theme.colors;
  const sender = quote?.senderId;
  const color = isOwn || sender === undefined ? undefined : names[hashOf(sender) % names.length];
  const text = wordsOf({ kind: quote?.kind ?? 'text', content: quote?.content }, t);
  return (
    <Pressable
      role="button"
      onPress={onPress}
      disabled={onPress === undefined}
      style={styles.quote}
      testID="quote"
    >
      <View style={[styles.bar, isOwn && styles.ownBar, color !== undefined && { backgroundColor: color }]} />
      <View style={styles.texts}>
        {sender !== undefined && (
          <Text
            size="small"
            isBold
            numberOfLines={1}
            style={[isOwn && styles.own, color !== undefined && { color }]}
          >
            {nameFor(sender)}
          </Text>
        )}
        <Text size="small" numberOfLines={2} dir="auto" style={isOwn ? styles.ownMeta : styles.meta}>
          {text}
        </Text>
      </View>
    </Pressable>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    quote: { flexDirection: 'row', gap: 8, minHeight: 40, paddingVertical: 2, marginBottom: 4 },
    bar: { width: 3, borderRadius: 2, backgroundColor: colors.accent },
    ownBar: { backgroundColor: colors.ownBubbleMeta },
    texts: { flexShrink: 1, minWidth: 0 },
    own: { color: colors.onOwnBubble },
    meta: { color: colors.otherBubbleMeta },
    ownMeta: { color: colors.ownBubbleMeta },
  });
