import { memo, useState, type ReactNode } from 'react';
import { Image, StyleSheet, Text as NativeText, View } from 'react-native';
import { useStyles, useUI } from '../context.js';
import type { Theme } from '../theme/index.js';

export interface AvatarProps {
  /** Chooses the colour. */
  id: string;
  name: string;
  picture?: string | undefined;
  /** In pixels. */
  size?: number | undefined;
  /** Groups and channels are squares with round corners. */
  isGroup?: boolean | undefined;
  /** Shows a dot. The text beside it says so, too. */
  isOnline?: boolean | undefined;
}

/** Picture of a user or a group; initials while there is none, or when it cannot be loaded. For decoration: the name is beside it. */
export const Avatar = memo(function Avatar(props: AvatarProps): ReactNode {
  const { id, name, picture, size = 48, isGroup = false, isOnline = false } = props;
  const { theme } = useUI();
  const styles = useStyles(createStyles);
  const [broken, setBroken] = useState<string>();
  const { avatars } = theme.colors;
  const shape = {
    width: size,
    height: size,
    borderRadius: isGroup ? size * 0.3 : size / 2,
    backgroundColor: avatars[hashOf(id) % avatars.length],
  };
  const dot = Math.max(10, size * 0.26);
  return (
    <View aria-hidden style={{ width: size, height: size }}>
      <View style={[styles.frame, shape]}>
        {picture !== undefined && picture !== broken ? (
          <Image source={{ uri: picture }} style={styles.picture} onError={() => setBroken(picture)} />
        ) : (
          <NativeText style={[styles.initials, { fontSize: size * 0.38 }]}>{initialsOf(name)}</NativeText>
        )}
      </View>
      {isOnline && <View style={[styles.dot, { width: dot, height: dot, borderRadius: dot / 2 }]} />}
    </View>
  );
});

/** First letters of the first and the last word. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/u).filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
  const [first = '', last] = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  const letter = (word = ''): string =>
    Array.from(word.replace(/^[^\p{L}\p{N}\p{Extended_Pictographic}]+/u, ''))[0] ?? '';
  return (letter(first) + letter(last)).toLocaleUpperCase();
}

/** Number that follows from an id: equal on all devices. */
export const hashOf = (id: string): number =>
  Array.from(id).reduce((hash, char) => (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003, 7);

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    frame: { overflow: 'hidden', alignItems: 'center', justifyContent: 'center' },
    picture: { width: '100%', height: '100%' },
    initials: { color: '#ffffff', fontWeight: '600' },
    dot: {
      position: 'absolute',
      bottom: 0,
      end: 0,
      backgroundColor: colors.online,
      borderWidth: 2,
      borderColor: colors.surface,
    },
  });
