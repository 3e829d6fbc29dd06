import type { Language } from './types.js';

/** Names of the languages in themselves. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  nl: 'Nederlands',
  ar: 'العربية',
};

export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr');

/** Returns the first of the user's languages (`de-AT`, `en`) that the components have; else English. */
export function languageFor(wanted: readonly string[]): Language {
  const known = new Map(Object.keys(LANGUAGE_NAMES).map((language) => [language, language as Language]));
  for (const tag of wanted) {
    const language = known.get(tag.slice(0, 2).toLowerCase());
    if (language !== undefined) return language;
  }
  return 'en';
}

export { createTextLoader, useTextTable, type TextLoaders, type TextTable } from './loadTexts.js';
export { CATEGORIES, fill, fillPlural, type Values } from './format.js';
export type { Language, Plural, Texts } from './types.js';
