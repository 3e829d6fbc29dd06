import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import { useStyles } from '../context.js';
import type { Theme } from '../theme/index.js';
import { Text } from './Text.js';

export interface ChipProps {
  label: string;
  /** Shown as a badge; 0 is left out. */
  count?: number | undefined;
  isChosen: boolean;
  onPress: () => void;
}

/** A filter that is on or off. */
export function Chip({ label, count = 0, isChosen, onPress }: ChipProps): ReactNode {
  const styles = useStyles(createStyles);
  return (
    <Pressable
      role="button"
      aria-pressed={isChosen}
      onPress={onPress}
      style={({ hovered }) => [styles.chip, hovered === true && styles.hover, isChosen && styles.chosen]}
    >
      <Text size="small" isBold={isChosen} tone={isChosen ? 'accent' : 'soft'}>
        {label}
      </Text>
      {count > 0 && <Badge count={count} />}
    </Pressable>
  );
}

export interface BadgeProps {
  count: number;
  isQuiet?: boolean | undefined;
}

/** A number in a circle. The row around it says what it counts. */
export function Badge({ count, isQuiet = false }: BadgeProps): ReactNode {
  const styles = useStyles(createStyles);
  return (
    <View aria-hidden style={[styles.badge, isQuiet && styles.quietBadge]}>
      <Text size="tiny" isBold style={isQuiet ? styles.quietText : styles.badgeText}>
        {count > 99 ? '99+' : String(count)}
      </Text>
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    chip: {
      minHeight: 34,
      flexDirection: 'row',
      alignItems: 'center',
      gap: 6,
      paddingHorizontal: 12,
      borderRadius: 17,
      backgroundColor: colors.surfaceSunk,
    },
    hover: { backgroundColor: colors.surfaceHover },
    chosen: { backgroundColor: colors.surfaceChosen },
    badge: {
      minWidth: 20,
      height: 20,
      borderRadius: 10,
      paddingHorizontal: 6,
      alignItems: 'center',
      justifyContent: 'center',
      backgroundColor: colors.accentFill,
    },
    quietBadge: { backgroundColor: colors.badgeQuiet },
    badgeText: { color: colors.onAccent },
    quietText: { color: colors.onBadgeQuiet },
  });
