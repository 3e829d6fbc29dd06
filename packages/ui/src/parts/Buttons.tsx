import { forwardRef, type ReactNode } from 'react';
import {
  Pressable,
  StyleSheet,
  type PressableProps,
  type StyleProp,
  type View,
  type ViewStyle,
} from 'react-native';
import { useStyles, useUI } from '../context.js';
import type { Theme } from '../theme/index.js';
import { Icon } from './Icon.js';
import type { IconName } from './icons.js';
import { Text } from './Text.js';

export interface IconButtonProps extends Omit<PressableProps, 'style' | 'children'> {
  icon: IconName;
  /** Read by screen readers. */
  label: string;
  tone?: 'quiet' | 'primary' | 'danger' | 'light' | undefined;
  size?: number | undefined;
  style?: StyleProp<ViewStyle> | undefined;
}

/** A button that shows an icon. Its target is as large as the theme says. */
export const IconButton = forwardRef<View, IconButtonProps>(function IconButton(
  { icon, label, tone = 'quiet', size = 22, style, ...rest },
  ref,
) {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  const color = { quiet: colors.textSoft, primary: colors.onAccent, danger: colors.danger, light: '#ffffff' }[
    tone
  ];
  return (
    <Pressable
      ref={ref}
      role="button"
      aria-label={label}
      {...rest}
      style={({ pressed, hovered }) => [
        styles.iconButton,
        (hovered === true || pressed) && tone === 'quiet' && styles.hover,
        tone === 'primary' && styles.primary,
        rest.disabled === true && styles.disabled,
        style,
      ]}
    >
      <Icon name={icon} color={color} size={size} />
    </Pressable>
  );
});

export interface ButtonProps {
  label: string;
  /** Read by screen readers in place of `label`, where several buttons have the same one; contains it. */
  accessibleName?: string | undefined;
  onPress: () => void;
  tone?: 'primary' | 'quiet' | 'danger' | undefined;
  icon?: IconName | undefined;
  disabled?: boolean | undefined;
  style?: StyleProp<ViewStyle> | undefined;
}

export function Button({
  label,
  accessibleName,
  onPress,
  tone = 'quiet',
  icon,
  disabled = false,
  style,
}: ButtonProps): ReactNode {
  const styles = useStyles(createStyles);
  const { colors } = useUI().theme;
  const color = { primary: colors.onAccent, danger: colors.onDanger, quiet: colors.text }[tone];
  return (
    <Pressable
      role="button"
      aria-label={accessibleName}
      disabled={disabled}
      onPress={onPress}
      style={({ pressed, hovered }) => [
        styles.button,
        styles[tone],
        (pressed || hovered === true) && styles.pressed,
        disabled && styles.disabled,
        style,
      ]}
    >
      {icon !== undefined && <Icon name={icon} color={color} size={18} />}
      <Text isBold size="small" style={{ color }}>
        {label}
      </Text>
    </Pressable>
  );
}

const createStyles = ({ colors, sizes }: Theme) =>
  StyleSheet.create({
    iconButton: {
      minWidth: sizes.target,
      minHeight: sizes.target,
      borderRadius: sizes.target / 2,
      alignItems: 'center',
      justifyContent: 'center',
    },
    hover: { backgroundColor: colors.surfaceHover },
    button: {
      minHeight: sizes.target,
      paddingHorizontal: 18,
      borderRadius: sizes.target / 2,
      flexDirection: 'row',
      gap: 8,
      alignItems: 'center',
      justifyContent: 'center',
    },
    primary: { backgroundColor: colors.accentFill },
    quiet: { backgroundColor: colors.surfaceSunk },
    danger: { backgroundColor: colors.dangerFill },
    pressed: { opacity: 0.9 },
    disabled: { opacity: 0.45 },
  });
