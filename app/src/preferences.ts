import { useEffect, useState, useSyncExternalStore } from 'react';
import {
  darkTheme,
  directionOf,
  languageFor,
  lightTheme,
  TEXTS,
  type Language,
  type Theme,
} from '@parley/react-native';

export type ThemeChoice = 'system' | 'light' | 'dark';

/** Choices of this device, kept in `localStorage`. */
export interface Preferences {
  themeChoice: ThemeChoice;
  setThemeChoice: (choice: ThemeChoice) => void;
  theme: Theme;
  language: Language;
  /** The device's tag for that language, for times and numbers. */
  locale: string;
  setLanguage: (language: Language) => void;
}

const THEME_KEY = 'parley.theme';
const LANGUAGE_KEY = 'parley.language';

export function usePreferences(): Preferences {
  const [themeChoice, setThemeChoice] = useStored<ThemeChoice>(THEME_KEY, (stored) =>
    stored === 'light' || stored === 'dark' ? stored : 'system',
  );
  const [language, setLanguage] = useStored<Language>(LANGUAGE_KEY, (stored) =>
    isLanguage(stored) ? stored : languageFor(navigator.languages),
  );
  const isDarkDevice = useSyncExternalStore(watchScheme, () => darkDevice.matches);
  const isDark = themeChoice === 'system' ? isDarkDevice : themeChoice === 'dark';
  const theme = isDark ? darkTheme : lightTheme;
  useEffect(() => {
    const { documentElement: root } = document;
    root.lang = language;
    root.dir = directionOf(language);
    root.dataset['theme'] = theme.scheme;
  }, [language, theme]);
  const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
  return { themeChoice, setThemeChoice, theme, language, locale, setLanguage };
}

const darkDevice = matchMedia('(prefers-color-scheme: dark)');

function watchScheme(listener: () => void): () => void {
  darkDevice.addEventListener('change', listener);
  return () => darkDevice.removeEventListener('change', listener);
}

const isLanguage = (text: string | null): text is Language => text !== null && Object.hasOwn(TEXTS, text);

function useStored<Value extends string>(
  key: string,
  read: (stored: string | null) => Value,
): [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => read(localStorage.getItem(key)));
  const store = (next: Value): void => {
    localStorage.setItem(key, next);
    setValue(next);
  };
  return [value, store];
}
