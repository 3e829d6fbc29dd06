import type { ReactNode } from 'react';
import type { StyleProp, TextStyle } from 'react-native';
import { useTexts, useUI } from '../context.js';
import { excessOf } from '../lengths.js';
import { Text } from './Text.js';

export interface TooLongProps {
  text: string;
  /** Code points that the server takes. */
  max: number;
  style?: StyleProp<TextStyle> | undefined;
}

/** Note below a field: by how much its text is too long. Nothing is cut: what was pasted would lose its end unseen. */
export function TooLong({ text, max, style }: TooLongProps): ReactNode {
  const t = useTexts();
  const { formats } = useUI();
  const excess = excessOf(text, max);
  if (excess === 0) return null;
  return (
    <Text role="alert" size="small" tone="danger" style={style}>
      {t.count('tooLong', excess, { max: formats.number(max) })}
    </Text>
  );
}
