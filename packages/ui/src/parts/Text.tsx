import type { ReactNode } from 'react';
import { StyleSheet, Text as NativeText, type TextProps as NativeTextProps } from 'react-native';
import { useStyles } from '../context.js';
import type { Theme } from '../theme/index.js';

export interface TextProps extends NativeTextProps {
  tone?: 'normal' | 'soft' | 'accent' | 'danger' | undefined;
  size?: 'text' | 'small' | 'tiny' | 'title' | 'heading' | undefined;
  isBold?: boolean | undefined;
}

/** Text in the theme's colours and sizes. */
export function Text({
  tone = 'normal',
  size = 'text',
  isBold = false,
  style,
  ...rest
}: TextProps): ReactNode {
  const styles = useStyles(createStyles);
  return (
    <NativeText {...rest} style={[styles.base, styles[size], styles[tone], isBold && styles.bold, style]} />
  );
}

/** Title of a screen, a dialog or a section: screen readers list them. */
export const Heading = ({ level, ...rest }: TextProps & { level: 1 | 2 | 3 }): ReactNode => (
  <Text role="heading" aria-level={level} isBold size={level === 3 ? 'small' : 'title'} {...rest} />
);

const createStyles = ({ colors, sizes, fontFamily }: Theme) =>
  StyleSheet.create({
    base: { flexShrink: 1, ...(fontFamily !== undefined && { fontFamily }) },
    normal: { color: colors.text },
    soft: { color: colors.textSoft },
    accent: { color: colors.accent },
    danger: { color: colors.danger },
    text: { fontSize: sizes.text, lineHeight: sizes.text * 1.4 },
    small: { fontSize: sizes.small, lineHeight: sizes.small * 1.4 },
    tiny: { fontSize: sizes.tiny, lineHeight: sizes.tiny * 1.4 },
    title: { fontSize: sizes.title, lineHeight: sizes.title * 1.35 },
    heading: { fontSize: sizes.heading, lineHeight: sizes.heading * 1.3 },
    bold: { fontWeight: '600' },
  });
