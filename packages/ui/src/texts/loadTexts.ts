import { useEffect, useState } from 'react';
import { en } from './en.js';
import type { Language, Texts } from './types.js';

/** Texts in one language. */
export interface TextTable<Table> {
  language: Language;
  texts: Table;
}

export type TextLoaders<Table> = Readonly<Record<Exclude<Language, 'en'>, () => Promise<Table>>>;

/**
 * Makes a hook that returns texts in a language, loaded when it is chosen: nobody reads five. While they are loaded it returns
 * undefined, then the language before; English when they cannot be loaded at all.
 *
 * @param english there from the start
 */
export function createTextLoader<Table>(
  english: Table,
  loaders: TextLoaders<Table>,
): (language: Language) => TextTable<Table> | undefined {
  const fallback: TextTable<Table> = { language: 'en', texts: english };
  const loaded = new Map<Language, TextTable<Table>>([['en', fallback]]);
  async function load(language: Language): Promise<TextTable<Table>> {
    if (language === 'en') return fallback;
    const table = { language, texts: await loaders[language]() };
    loaded.set(language, table);
    return table;
  }
  return function useLoadedTexts(language) {
    const [last, setLast] = useState<TextTable<Table>>();
    useEffect(() => {
      let isCurrent = true;
      load(language).then(
        (table) => isCurrent && setLast(table),
        () => isCurrent && setLast((before) => before ?? fallback),
      );
      return () => {
        isCurrent = false;
      };
    }, [language]);
    return loaded.get(language) ?? last;
  };
}

/** Returns the texts of the components. */
export const useTextTable = createTextLoader<Texts>(en, {
  de: async () => (await import('./de.js')).de,
  es: async () => (await import('./es.js')).es,
  nl: async () => (await import('./nl.js')).nl,
  ar: async () => (await import('./ar.js')).ar,
});
