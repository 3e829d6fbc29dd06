import type { en } from './en.js';

/** Forms of a text by number, named as CLDR does. A language gives those that it has; `other` always. `{n}` is the number. */
export interface Plural {
  zero?: string;
  one?: string;
  two?: string;
  few?: string;
  many?: string;
  other: string;
}

/** All texts of the components. `{name}` in a text is replaced. */
export type Texts = {
  readonly [Key in keyof typeof en]: (typeof en)[Key] extends string ? string : Plural;
};

export type Language = 'en' | 'de' | 'es' | 'nl' | 'ar';
