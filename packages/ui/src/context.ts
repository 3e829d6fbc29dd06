import { createContext, useContext, useMemo } from 'react';
import type { Device } from './device.js';
import type { Drafts } from './drafts.js';
import type { Formats } from './formats.js';
import { fill, fillPlural, type Language, type Plural, type Texts, type Values } from './texts/index.js';
import type { Theme } from './theme/index.js';

type KeysOf<Kind> = { [Key in keyof Texts]: Texts[Key] extends Kind ? Key : never }[keyof Texts];
/** Names of texts without a number. */
export type TextKey = KeysOf<string>;
/** Names of texts that depend on a number. */
export type PluralKey = KeysOf<Plural>;

export interface UIContextValue {
  theme: Theme;
  language: Language;
  direction: 'ltr' | 'rtl';
  texts: Texts;
  formats: Formats;
  device: Device;
  drafts: Drafts;
}

export const UIContext = createContext<UIContextValue | undefined>(undefined);

/** Returns theme, texts and device of the `<ParleyUI>` above. For own parts that should look and speak like the built-in ones. */
export function useUI(): UIContextValue {
  const value = useContext(UIContext);
  if (value === undefined) throw new Error('This component needs a <ParleyUI> above it.');
  return value;
}

export interface Translate {
  (key: TextKey, values?: Values): string;
  /** The form of the text for a number. */
  count: (key: PluralKey, n: number, values?: Values) => string;
}

/** Returns the function that gives texts in the user's language. */
export function useTexts(): Translate {
  const { texts, language } = useUI();
  return useMemo(() => {
    const translate = (key: TextKey, values: Values = {}): string => fill(texts[key], values);
    const count = (key: PluralKey, n: number, values: Values = {}): string =>
      fillPlural(language, texts[key], { ...values, n });
    return Object.assign(translate, { count });
  }, [texts, language]);
}

/** Returns the function that makes addresses of files whole: those of the server itself are paths. */
export function useAddress(): (address: string) => string {
  const { serverUrl = '' } = useUI().device;
  return useMemo(
    () => (address) => (address.startsWith('/') ? `${serverUrl}${address}` : address),
    [serverUrl],
  );
}

const made = new WeakMap<object, WeakMap<Theme, unknown>>();

/**
 * Returns the styles of a component in the current theme, made once per theme.
 *
 * @param create a function of the module: its identity is the key
 */
export function useStyles<Styles>(create: (theme: Theme) => Styles): Styles {
  const { theme } = useUI();
  const byTheme = made.get(create) ?? new WeakMap<Theme, unknown>();
  made.set(create, byTheme);
  if (!byTheme.has(theme)) byTheme.set(theme, create(theme));
  // Put there by the line above, for this function and this theme.
  return byTheme.get(theme) as Styles;
}
