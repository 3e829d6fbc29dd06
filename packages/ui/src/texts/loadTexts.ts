import { useEffect, useState } from 'react';
import { en } from './en.js';
import type { Language, Texts } from './types.js';

/** Languages besides English are loaded when they are chosen: nobody reads five. */
const LOADERS: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Texts>>> = {
  de: async () => (await import('./de.js')).de,
  es: async () => (await import('./es.js')).es,
  nl: async () => (await import('./nl.js')).nl,
  ar: async () => (await import('./ar.js')).ar,
};

export interface TextTable {
  language: Language;
  texts: Texts;
}

const ENGLISH: TextTable = { language: 'en', texts: en };
const loaded = new Map<Language, TextTable>([['en', ENGLISH]]);

async function load(language: Language): Promise<TextTable> {
  if (language === 'en') return ENGLISH;
  const table = { language, texts: await LOADERS[language]() };
  loaded.set(language, table);
  return table;
}

/**
 * Returns the texts of a language. While they are loaded: undefined, then the language before. English when they cannot be loaded
 * at all.
 */
export function useTextTable(language: Language): TextTable | undefined {
  const [last, setLast] = useState<TextTable>();
  const known = loaded.get(language);
  useEffect(() => {
    let isCurrent = true;
    load(language).then(
      (table) => isCurrent && setLast(table),
      () => isCurrent && setLast((before) => before ?? ENGLISH),
    );
    return () => {
      isCurrent = false;
    };
  }, [language]);
  return known ?? last;
}
