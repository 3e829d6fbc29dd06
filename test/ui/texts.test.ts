import { describe, expect, test } from 'vitest';
import {
  CATEGORIES,
  fillPlural,
  languageFor,
  type Language,
  type Plural,
  type Texts,
} from '../../packages/ui/src/texts/index.js';
import { TEXTS } from '../../packages/ui/src/texts/tables.js';

const languages = Object.keys(TEXTS) as Language[];
const entries = (texts: Texts): [string, string | Plural][] => Object.entries(texts);
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
const formsOf = (text: string | Plural): string[] =>
  typeof text === 'string' ? [text] : Object.values<string>({ ...text });

describe.each(languages)('texts in %s', (language) => {
  const texts = TEXTS[language];

  test('every text of English is there, none is empty, and none is more', () => {
    expect(Object.keys(texts).sort()).toEqual(Object.keys(TEXTS.en).sort());
    for (const [key, text] of entries(texts))
      for (const form of formsOf(text)) expect(form.trim(), key).not.toBe('');
  });

  test('every text has the placeholders of English', () => {
    const english = new Map(entries(TEXTS.en));
    for (const [key, text] of entries(texts)) {
      const [wanted = ''] = formsOf(english.get(key) ?? '');
      for (const form of formsOf(text)) expect(placeholders(form), key).toEqual(placeholders(wanted));
    }
  });

  test('numbers choose the form that the rules of the language name', () => {
    const rules = new Intl.PluralRules(language);
    const forms = Object.fromEntries(CATEGORIES[language].map((name) => [name, name]));
    for (let n = 0; n <= 250; n += 1)
      expect(fillPlural(language, { other: 'other', ...forms }, { n })).toBe(rules.select(n));
  });

  test('texts that depend on a number have every form that the language needs', () => {
    for (const [key, text] of entries(texts))
      if (typeof text !== 'string')
        expect(Object.keys(text).sort(), key).toEqual([...CATEGORIES[language]].sort());
  });
});

test('other languages than English are translated', () => {
  for (const language of languages.filter((one) => one !== 'en')) {
    const same = entries(TEXTS[language]).filter(([key, text]) => text === TEXTS.en[key as keyof Texts]);
    // Words that languages share: Chats, Online, Info …
    expect(same.length, `${language}: ${same.map(([key]) => key).join(' ')}`).toBeLessThan(20);
  }
});

test("the first of the user's languages that there is is chosen", () => {
  expect(languageFor(['fr-FR', 'nl-BE', 'en'])).toBe('nl');
  expect(languageFor(['ar-EG'])).toBe('ar');
  expect(languageFor(['fr'])).toBe('en');
  expect(languageFor([])).toBe('en');
});
