import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { createTextLoader, useUI } from '@parley/react-native';
import { en, type AppTexts } from './en.js';

export type AppTextKey = keyof AppTexts;

const useLoadedTexts = createTextLoader<AppTexts>(en, {
  de: async () => (await import('./de.js')).de,
  es: async () => (await import('./es.js')).es,
  nl: async () => (await import('./nl.js')).nl,
  ar: async () => (await import('./ar.js')).ar,
});

const AppTextsContext = createContext<AppTexts>(en);

/** Gives the app its own texts in the user's language. Draws nothing before they are loaded. */
export function AppTextsProvider({ children }: { children: ReactNode }): ReactNode {
  const table = useLoadedTexts(useUI().language);
  if (table === undefined) return null;
  return <AppTextsContext.Provider value={table.texts}>{children}</AppTextsContext.Provider>;
}

/** Returns the function that gives the app's own texts. */
export function useAppTexts(): (key: AppTextKey, name?: string) => string {
  const texts = useContext(AppTextsContext);
  return useMemo(
    () =>
      (key, name = '') =>
        texts[key].replace('{name}', `\u2068${name}\u2069`),
    [texts],
  );
}
