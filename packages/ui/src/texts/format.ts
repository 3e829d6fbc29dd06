import { isolate } from '../bidi.js';
import type { Language, Plural } from './types.js';

export type Category = 'zero' | 'one' | 'two' | 'few' | 'many' | 'other';

/** Rules of CLDR for whole numbers. `Intl.PluralRules` does not exist in Hermes, the engine of React Native. */
const RULES: Record<Language, (n: number) => Category> = {
  en: (n) => (n === 1 ? 'one' : 'other'),
  de: (n) => (n === 1 ? 'one' : 'other'),
  es: (n) => (n === 1 ? 'one' : 'other'),
  nl: (n) => (n === 1 ? 'one' : 'other'),
  ar: (n) => {
    if (n <= 2) return (['zero', 'one', 'two'] as const)[n] ?? 'other';
    const rest = n % 100;
    if (rest >= 3 && rest <= 10) return 'few';
    return rest >= 11 ? 'many' : 'other';
  },
};

/** Forms that a language needs, for numbers that occur. */
export const CATEGORIES: Record<Language, readonly Category[]> = {
  en: ['one', 'other'],
  de: ['one', 'other'],
  es: ['one', 'other'],
  nl: ['one', 'other'],
  ar: ['zero', 'one', 'two', 'few', 'many', 'other'],
};

export type Values = Readonly<Record<string, string | number>>;

/** Replaces `{name}` in a text. Values are isolated: a name in another script does not reorder the words around it. */
export const fill = (text: string, values: Values): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? String(value) : isolate(value);
  });

/** Returns the form of a text for a number, filled. */
export const fillPlural = (language: Language, forms: Plural, values: Values & { n: number }): string =>
  fill(forms[RULES[language](values.n)] ?? forms.other, values);
