import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { Message } from '@parley/client';
import { useStyles, useTexts } from '../context.js';
import { INNER_OUTLINE } from '../parts/Fields.js';
import { Text } from '../parts/Text.js';
import type { Theme } from '../theme/index.js';

export interface ReactionsProps {
  message: Message;
  onReact: (emoji: string) => void;
}

/** Reactions below a bubble; a press adds one's own, or takes it back. */
export function Reactions({ message, onReact }: ReactionsProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  if (message.reactions.length === 0) return null;
  return (
    <View style={styles.line}>
      {message.reactions.map(({ emoji, count, own }) => (
        <Pressable
          key={emoji}
          role="button"
          aria-pressed={own}
          aria-label={t.count('reactionLabel', count, { emoji })}
          hitSlop={8}
          onPress={() => onReact(emoji)}
          style={[styles.reaction, INNER_OUTLINE, own && styles.own]}
        >
          <Text size="small">{emoji}</Text>
          {count > 1 && (
            <Text size="tiny" tone={own ? 'accent' : 'soft'}>
              {count}
            </Text>
          )}
        </Pressable>
      ))}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    line: { flexDirection: 'row', flexWrap: 'wrap', gap: 4, marginTop: -4, paddingHorizontal: 6, zIndex: 1 },
    reaction: {
      minHeight: 26,
      minWidth: 34,
      flexDirection: 'row',
      alignItems: 'center',
      justifyContent: 'center',
      gap: 4,
      paddingHorizontal: 7,
      borderRadius: 13,
      backgroundColor: colors.surface,
      borderWidth: 1,
      borderColor: colors.line,
    },
    own: { borderColor: colors.accent, backgroundColor: colors.surfaceChosen },
  });
