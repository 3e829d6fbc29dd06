import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { beginsWithAll, termsOf, wordsOf } from '../../backend/src/services/search/words.js';

/** Whether a text is found by what somebody types. */
const finds = (typed: string, content: string): boolean =>
  beginsWithAll(wordsOf({ content }), termsOf(typed) ?? ['too many words']);

describe('a text is found by its words', () => {
  test.each([
    ['hello', 'Hello there'],
    ['HELLO', 'hello'],
    ['hel the', 'Hello there'],
    ['there hello', 'Hello there'],
    ['cafe', 'Let us meet at the Café.'],
    ['café', 'the cafe'],
    ['cafe\u0301', 'the caf\u00e9'],
    ['strasse', 'Straße 7'],
    ['lodz', 'Łódź'],
    ['οδος', 'ΟΔΟΣ'],
    ['istanbul', 'İstanbul'],
    ['ｆｕｌｌ', 'full width'],
    ['ёлка', 'Елка'],
    ["don't", 'I don’t know'],
    ['99.90', 'for 99.90 EUR'],
    ['안녕', '안녕하세요'],
    ['東京', '昨日は東京都に行きました'],
    ['京', '東京'],
    ['大学', '北京大学'],
    ['สวัสดี', 'สวัสดีครับ'],
    ['a@b.example', 'mail me: a@b.example'],
    ['', 'anything'],
  ])('%s finds %s', (typed, content) => {
    expect(finds(typed, content)).toBe(true);
  });

  test.each([
    ['ello', 'hello'],
    ['hello you', 'hello'],
    ['京東', '東京'],
    ['wor.d', 'world'],
  ])('%s does not find %s', (typed, content) => {
    expect(finds(typed, content)).toBe(false);
  });

  test('also by what it carries', () => {
    const words = wordsOf({
      ...{ content: 'look', attachments: [{ name: 'Invoice-7.pdf' }], location: { title: 'Zoo' } },
      card: { title: 'Red bicycle', id: 'sku-9' },
    });
    expect(words).toEqual(['look', 'invoice', '7', 'pdf', 'zoo', 'red', 'bicycle', 'sku', '9']);
  });
});

describe('what is stored is bounded', () => {
  test('in number and length, however long the text is', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `word${index}`).join(' ');
    expect(wordsOf({ content: many })).toHaveLength(LIMITS.maxWordsPerMessage);
    const long = 'x'.repeat(LIMITS.maxTextChars);
    expect(wordsOf({ content: long })).toEqual(['x'.repeat(LIMITS.maxSearchWordChars)]);
    expect(finds(long, long)).toBe(true);
    const astral = '𝒳'.repeat(100);
    for (const word of wordsOf({ content: `𐐷${'𐐷'.repeat(60)} ${astral}` })) {
      expect(word.isWellFormed()).toBe(true);
      expect(Array.from(word).length).toBeLessThanOrEqual(LIMITS.maxSearchWordChars);
    }
  });

  test('each word once, and none of signs alone', () => {
    expect(wordsOf({ content: 'no no NO!' })).toEqual(['no']);
    expect(wordsOf({ content: '!!! 🎉 …' })).toEqual([]);
  });

  test('more words than a search may have are refused', () => {
    const words = Array.from({ length: LIMITS.maxSearchWords + 1 }, (_, index) => `w${index}`);
    expect(termsOf(words.join(' '))).toBeUndefined();
    expect(termsOf(words.slice(1).join(' '))).toHaveLength(LIMITS.maxSearchWords);
  });
});
