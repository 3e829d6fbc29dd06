import { useEffect, useState } from 'react';
import { useColorScheme } from 'react-native';
import {
  darkTheme,
  directionOf,
  LANGUAGE_NAMES,
  languageFor,
  lightTheme,
  type Language,
  type Theme,
} from '@parley/react-native';
import { deviceLanguages, settingsValues, showAppearance } from './platform/platform.js';

export type ThemeChoice = 'system' | 'light' | 'dark';

/** Choices of this device. */
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
    isLanguage(stored) ? stored : languageFor(deviceLanguages),
  );
  const deviceScheme = useColorScheme();
  const isDark = (themeChoice === 'system' ? deviceScheme : themeChoice) === 'dark';
  const theme = isDark ? darkTheme : lightTheme;
  useEffect(() => {
    showAppearance({ language, direction: directionOf(language), scheme: theme.scheme });
  }, [language, theme]);
  const locale = deviceLanguages.find((tag) => tag.startsWith(language)) ?? language;
  return { themeChoice, setThemeChoice, theme, language, locale, setLanguage };
}

const isLanguage = (text: string | null): text is Language =>
  text !== null && Object.hasOwn(LANGUAGE_NAMES, text);

function useStored<Value extends string>(
  key: string,
  read: (stored: string | null) => Value,
): [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => read(settingsValues.getItem(key)));
  const store = (next: Value): void => {
    settingsValues.setItem(key, next);
    setValue(next);
  };
  return [value, store];
}
