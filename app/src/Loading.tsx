import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { useConnectionState } from '@parley/react';
import { Busy, Button, useTexts } from '@parley/react-native';

/**
 * Loads what a component shows: when it appears, and again with each new connection while that has failed.
 *
 * @param load resolves to false when it has failed, and the user was told; its identity must be stable
 * @returns a function that tries again, while it has failed
 */
export function useLoad(load: () => Promise<boolean>): (() => void) | undefined {
  const isOnline = useConnectionState().status === 'online';
  const hasFailed = useRef(false);
  const [isFailed, setFailed] = useState(false);
  const run = useCallback(() => {
    hasFailed.current = false;
    setFailed(false);
    void load().then((isLoaded) => {
      hasFailed.current = !isLoaded;
      setFailed(!isLoaded);
    });
  }, [load]);
  useEffect(run, [run]);
  useEffect(() => {
    if (isOnline && hasFailed.current) run();
  }, [isOnline, run]);
  return isFailed ? run : undefined;
}

/** Stands for what is being loaded; a button that tries again where that has failed. */
export function Loading({ again }: { again: (() => void) | undefined }): ReactNode {
  const texts = useTexts();
  return again === undefined ? <Busy /> : <Button label={texts('tryAgain')} onPress={again} />;
}
