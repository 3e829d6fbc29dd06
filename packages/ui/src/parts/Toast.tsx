import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useState,
  type ReactNode,
} from 'react';
import { StyleSheet, View } from 'react-native';
import { useStyles, useTexts, useUI, type TextKey } from '../context.js';
import type { Theme } from '../theme/index.js';
import { Text } from './Text.js';

type ShowToast = (text: string) => void;

const ToastContext = createContext<ShowToast>(() => undefined);

/** Returns a function that shows a short notice, also to screen readers. */
export const useToast = (): ShowToast => useContext(ToastContext);

interface Shown {
  text: string | undefined;
  hide: () => void;
  /** The open layer that covers all others. Undefined: only the page is shown. */
  top: object | undefined;
  /** Notes an opened layer. @returns a function for when it closes */
  addLayer: (layer: object) => () => void;
}

const ShownContext = createContext<Shown>({
  text: undefined,
  hide: () => undefined,
  top: undefined,
  addLayer: () => () => undefined,
});

const SHOWN_MS = 4_000;

export function ToastHost({ children }: { children: ReactNode }): ReactNode {
  const [toast, setToast] = useState<{ text: string }>();
  const [layers, setLayers] = useState<readonly object[]>([]);
  const show = useCallback((text: string) => setToast({ text }), []);
  const hide = useCallback(() => setToast(undefined), []);
  const addLayer = useCallback((layer: object) => {
    setLayers((before) => [...before, layer]);
    return () => setLayers((before) => before.filter((one) => one !== layer));
  }, []);
  useEffect(() => {
    if (toast === undefined) return undefined;
    const timer = setTimeout(hide, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast, hide]);
  const text = toast?.text;
  const top = layers.at(-1);
  const shown = useMemo(() => ({ text, hide, top, addLayer }), [text, hide, top, addLayer]);
  return (
    <ToastContext.Provider value={show}>
      <ShownContext.Provider value={shown}>
        {children}
        <Place text={top === undefined ? text : undefined} hide={hide} />
      </ShownContext.Provider>
    </ToastContext.Provider>
  );
}

/**
 * Shows notices inside of a layer while no other layer covers it: layers cover the page, and screen readers leave out all that is
 * outside of a modal dialog.
 */
export function LayerToasts(): ReactNode {
  const [layer] = useState(() => ({}));
  const { text, hide, top, addLayer } = useContext(ShownContext);
  useLayoutEffect(() => addLayer(layer), [addLayer, layer]);
  return <Place text={top === layer ? text : undefined} hide={hide} />;
}

/**
 * Drawn also while it is empty: screen readers announce what changes in a region that they know. A press on a notice hides it: it
 * may cover a button.
 */
function Place({ text, hide }: Pick<Shown, 'text' | 'hide'>): ReactNode {
  const styles = useStyles(createStyles);
  const { direction, language } = useUI();
  return (
    <View
      role="status"
      aria-live="polite"
      dir={direction}
      lang={language}
      style={styles.place}
      pointerEvents="box-none"
    >
      {text !== undefined && (
        <View style={styles.toast} onStartShouldSetResponder={() => true} onResponderRelease={hide}>
          <Text size="small" style={styles.text}>
            {text}
          </Text>
        </View>
      )}
    </View>
  );
}

const ERROR_KEYS: Readonly<Record<string, TextKey>> = {
  OFFLINE: 'errorOffline',
  TIMEOUT: 'errorTimeout',
  UNAVAILABLE: 'errorUnavailable',
  INTERNAL: 'errorUnavailable',
  RATE_LIMITED: 'errorRateLimited',
  FORBIDDEN: 'errorForbidden',
  NOT_PARTICIPANT: 'failedNotPart',
  BLOCKED: 'failedBlocked',
  TOO_LARGE: 'failedTooLarge',
  LIMIT_EXCEEDED: 'errorLimit',
  UPLOAD_REJECTED: 'fileRefused',
  UPLOAD_REFUSED: 'fileRefused',
  FILE_GONE: 'fileGone',
};

/** Returns the name of the sentence for a code of the client or the server. */
export const errorKeyOf = (code: string | undefined): TextKey => ERROR_KEYS[code ?? ''] ?? 'errorOther';

/** Returns the code of a failure of the client or the server. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Runs a call of the client. Shows its failure as a sentence, or `done` as a notice. Resolves with undefined on failure. */
export type Attempt = <Value>(call: Promise<Value>, done?: string) => Promise<{ value: Value } | undefined>;

export function useAttempt(): Attempt {
  const t = useTexts();
  const show = useToast();
  return useMemo(
    () => async (call, done) => {
      try {
        const value = await call;
        if (done !== undefined) show(done);
        return { value };
      } catch (error) {
        show(t(errorKeyOf(codeOf(error))));
        return undefined;
      }
    },
    [t, show],
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    place: {
      position: 'absolute',
      bottom: 84,
      start: 0,
      end: 0,
      alignItems: 'center',
      paddingHorizontal: 16,
    },
    toast: { backgroundColor: colors.text, borderRadius: 12, paddingHorizontal: 16, paddingVertical: 10 },
    text: { color: colors.surface },
  });
