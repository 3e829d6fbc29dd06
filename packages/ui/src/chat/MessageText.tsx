import type { ReactNode } from 'react';
import { Linking, Platform, StyleSheet, Text as NativeText } from 'react-native';
import { useStyles } from '../context.js';
import { Text } from '../parts/Text.js';
import type { Theme } from '../theme/index.js';
import { isFewEmoji, splitLinks } from './links.js';

export interface MessageTextProps {
  text: string;
  isOwn: boolean;
}

/** Text of a message, with addresses as links. Its direction is that of its first letter. */
export function MessageText({ text, isOwn }: MessageTextProps): ReactNode {
  const styles = useStyles(createStyles);
  const isLarge = isFewEmoji(text);
  return (
    <Text
      dir="auto"
      isContent
      selectable
      testID="message-text"
      style={[styles.text, isOwn && styles.own, isLarge && styles.large]}
    >
      {splitLinks(text).map(({ text: part, href }, index) =>
        href === undefined ? part : <Link key={index} href={href} text={part} />,
      )}
    </Text>
  );
}

function Link({ href, text }: { href: string; text: string }): ReactNode {
  const styles = useStyles(createStyles);
  const target =
    Platform.OS === 'web'
      ? { href, hrefAttrs: { target: '_blank', rel: 'noopener noreferrer nofollow' } }
      : { onPress: () => void Linking.openURL(href) };
  return (
    <NativeText role="link" {...target} style={styles.link}>
      {text}
    </NativeText>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    text: { color: colors.onOtherBubble, maxWidth: '100%', overflow: 'hidden', wordBreak: 'break-word' },
    own: { color: colors.onOwnBubble },
    large: { fontSize: 38, lineHeight: 48 },
    link: { textDecorationLine: 'underline', color: 'inherit' },
  });
