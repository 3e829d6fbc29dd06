import type { ReactNode } from 'react';
import { View } from 'react-native';
import { useTexts, useUI, type TextKey } from '../context.js';
import type { Tick } from '../list/preview.js';
import { Icon } from './Icon.js';
import type { IconName } from './icons.js';

const TICKS: Readonly<Record<Tick, { icon: IconName; key: TextKey }>> = {
  sending: { icon: 'clock', key: 'statusSending' },
  failed: { icon: 'failed', key: 'statusFailed' },
  sent: { icon: 'sent', key: 'statusSent' },
  delivered: { icon: 'delivered', key: 'statusDelivered' },
  read: { icon: 'delivered', key: 'statusRead' },
};

/** Delivery status as a drawing with a name. */
export function Ticks({ tick, color }: { tick: Tick; color: string }): ReactNode {
  const t = useTexts();
  const { colors } = useUI().theme;
  const { icon, key } = TICKS[tick];
  const shown = tick === 'failed' ? colors.danger : tick === 'read' ? colors.read : color;
  return (
    <View role="img" aria-label={t(key)} testID={`tick-${tick}`}>
      <Icon name={icon} size={16} color={shown} />
    </View>
  );
}
