import type { ReactNode } from 'react';
import { StyleSheet, Text as NativeText, type TextProps as NativeTextProps } from 'react-native';
import { ISOLATE } from '../bidi.js';
import { useStyles, useUI } from '../context.js';
import type { Theme } from '../theme/index.js';

export interface TextProps extends NativeTextProps {
  tone?: 'normal' | 'soft' | 'accent' | 'danger' | undefined;
  size?: 'text' | 'small' | 'tiny' | 'title' | 'heading' | undefined;
  isBold?: boolean | undefined;
  /** Aligned by its own script, not by that of the app: for what users write. */
  isContent?: boolean | undefined;
}

/** Text in the theme's colours and sizes. */
export function Text(props: TextProps): ReactNode {
  const { tone = 'normal', size = 'text', isBold = false, isContent = false, style, ...rest } = props;
  const styles = useStyles(createStyles);
  const { direction } = useUI();
  // A sentence that begins with someone's name has the direction of its language, not of the name.
  const isSentence = typeof rest.children === 'string' && rest.children.startsWith(ISOLATE);
  return (
    <NativeText
      {...(isSentence && { dir: direction })}
      {...rest}
      style={[
        styles.base,
        styles[size],
        styles[tone],
        isBold && styles.bold,
        !isContent && styles[direction],
        style,
      ]}
    />
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
    // react-native-web gives each text the direction of its first letter, and aligns it by that.
    rtl: { textAlign: 'right' },
    ltr: { textAlign: 'left' },
  });
