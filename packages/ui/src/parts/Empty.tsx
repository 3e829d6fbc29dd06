import type { ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { useStyles, useUI } from '../context.js';
import type { Theme } from '../theme/index.js';
import { Icon } from './Icon.js';
import type { IconName } from './icons.js';
import { Text } from './Text.js';

export interface EmptyProps {
  icon: IconName;
  title: string;
  hint?: string | undefined;
  children?: ReactNode;
}

/** Stands where a list has nothing to show. */
export function Empty({ icon, title, hint, children }: EmptyProps): ReactNode {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  return (
    <View style={styles.box}>
      <View style={styles.circle}>
        <Icon name={icon} size={34} color={colors.accent} />
      </View>
      <Text isBold>{title}</Text>
      {hint !== undefined && (
        <Text tone="soft" size="small" style={styles.hint}>
          {hint}
        </Text>
      )}
      {children}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    box: { flex: 1, alignItems: 'center', justifyContent: 'center', gap: 8, padding: 28 },
    circle: {
      width: 72,
      height: 72,
      borderRadius: 36,
      alignItems: 'center',
      justifyContent: 'center',
      backgroundColor: colors.surfaceChosen,
      marginBottom: 6,
    },
    hint: { textAlign: 'center', maxWidth: 320 },
  });
