import { useEffect, useState, type ReactNode } from 'react';
import { Platform, StyleSheet, View } from 'react-native';
import type { ConnectionState } from '@parley/client';
import { useConnectionState, useParley } from '@parley/react';
import { useStyles, useTexts, type TextKey } from './context.js';
import { Button } from './parts/Buttons.js';
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

const ENDED: Readonly<Record<string, TextKey>> = {
  FORBIDDEN: 'banned',
  TOO_MANY_SOCKETS: 'tooManyWindows',
};

export interface OfflineBannerProps {
  /** Shows the sign-in of the app; offered when the server does not take this user's token any more. */
  onSignIn?: (() => void) | undefined;
}

/** One line about the connection, when there is something to say; with a button when it does not come back by itself. */
export function OfflineBanner({ onSignIn }: OfflineBannerProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const parley = useParley();
  const { status, code = '' } = useConnectionState();
  const isConnected = status === 'online' || status === 'syncing';
  const isLate = useIsLate(!isConnected);
  if (isConnected || !isLate) return null;
  const hasEnded = status === 'ended';
  const key = status === 'reconnecting' && isDeviceOffline() ? 'offlineBanner' : KEYS[status];
  const isSurplus = code === 'TOO_MANY_SOCKETS';
  const onPress = isSurplus ? () => void parley.connect().catch(() => undefined) : onSignIn;
  return (
    <View style={styles.banner} testID="offline-banner">
      <Text role="status" aria-live="polite" size="small" style={styles.text}>
        {t((hasEnded ? ENDED[code] : undefined) ?? key)}
      </Text>
      {hasEnded && onPress !== undefined && (
        <Button label={t(isSurplus ? 'tryAgain' : 'signIn')} onPress={onPress} />
      )}
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
      flexDirection: 'row',
      flexWrap: 'wrap',
      gap: 12,
      alignItems: 'center',
      justifyContent: 'center',
    },
    text: { flexShrink: 1, color: colors.onNotice, textAlign: 'center' },
  });
