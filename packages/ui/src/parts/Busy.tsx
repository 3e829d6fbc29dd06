import type { ReactNode } from 'react';
import { ActivityIndicator, type StyleProp, type ViewStyle } from 'react-native';
import { useTexts, useUI } from '../context.js';

/** Something is being loaded. It has a name: to screen readers it is a progress bar. */
export function Busy({ style }: { style?: StyleProp<ViewStyle> }): ReactNode {
  const t = useTexts();
  return <ActivityIndicator aria-label={t('loading')} color={useUI().theme.colors.accent} style={style} />;
}
