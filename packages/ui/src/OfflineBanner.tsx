import { useEffect, useState, type ReactNode } from 'react';
import { Platform, StyleSheet, View } from 'react-native';
import type { ConnectionState } from '@parley/client';
import { useConnectionState } from '@parley/react';
import { useStyles, useTexts, type TextKey } from './context.js';
import { Text } from './parts/Text.js';
import type { Theme } from './theme/index.js';

const KEYS: Readonly<Record<Exclude<ConnectionState['status'], 'online' | 'syncing'>, TextKey>> = {
  idle: 'connecting',
  connecting: 'connecting',
  reconnecting: 'reconnecting',
  draining: 'draining',
  ended: 'signedOut',
};
/** A connection that is back before this, in ms, is not worth a line that moves everything. */
const PATIENCE_MS = 600;

/** One line about the connection, when there is something to say. */
export function OfflineBanner(): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { status, code } = useConnectionState();
  const isConnected = status === 'online' || status === 'syncing';
  const isLate = useIsLate(!isConnected);
  if (isConnected || !isLate) return null;
  const key = status === 'reconnecting' && isDeviceOffline() ? 'offlineBanner' : KEYS[status];
  const cause = code === 'TOO_MANY_SOCKETS' ? ` ${t('tooManyWindows')}` : '';
  return (
    <View role="status" aria-live="polite" style={styles.banner} testID="offline-banner">
      <Text size="small" style={styles.text}>
        {t(key)}
        {cause}
      </Text>
    </View>
  );
}

/** Browsers know it; on phones the banner speaks of reconnecting. */
const isDeviceOffline = (): boolean =>
  Platform.OS === 'web' &&
  Reflect.get(globalThis, 'navigator') instanceof Object &&
  !globalThis.navigator.onLine;

function useIsLate(isWaiting: boolean): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    if (!isWaiting) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return isLate;
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    banner: {
      backgroundColor: colors.notice,
      paddingHorizontal: 16,
      paddingVertical: 6,
      alignItems: 'center',
    },
    text: { color: colors.onNotice, textAlign: 'center' },
  });
