import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  COMMANDS,
  LIMITS,
  attachment,
  captionText,
  comment,
  displayName,
  emojiForms,
  isBlank,
  occasionInput,
  pictureUrl,
  textLength,
  timeInput,
  toEmoji,
} from '../../contract/index.js';
import { cutText } from '../../backend/src/utils/cutText.js';

const INVISIBLE = [
  ...['\u200b', '\u2800', '\u3164', '\u115f', '\u1160', '\uffa0', '\ufe0f', '\u{e0101}', '\u{e0041}'],
  ...['\u202e', '\u2066\u2069', '\u00ad', '\u034f', '\u061c', '\u180e', '\ufeff', '\u2060', '\u3000'],
  ...['\u0007', '\ufffe', '\u{13441}', '\u{1d159}', ' \u200d \u00a0', '\u2028'],
];
const invisible = fc.array(fc.constantFrom(...INVISIBLE), { maxLength: 5 }).map((parts) => parts.join(''));
const FAMILY = '👨‍👩‍👧‍👦';

describe('invisible text', () => {
  test('is empty, whatever it consists of', () => {
    fc.assert(fc.property(invisible, (text) => isBlank(text)));
    for (const text of INVISIBLE) {
      for (const [name, schema] of Object.entries({
        displayName,
        comment,
        title: occasionInput.shape.title,
      })) {
        const issues = schema.safeParse(text).error?.issues.map(({ message }) => message);
        expect(issues, `${name} ${JSON.stringify(text)}`).toEqual(['must not be empty']);
      }
      expect(captionText.parse(text)).toBe('');
    }
  });

  test('next to visible characters is kept: around a letter, a sign or an emoji', () => {
    const seen = fc.constantFrom('a', 'ß', '漢', 'مُ', '👍', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '.', '؀a', '\ue000', '\u{1fae9}');
    fc.assert(
      fc.property(invisible, seen, invisible, (before, letter, after) => !isBlank(before + letter + after)),
    );
    expect(displayName.parse('می\u200cخواهم')).toBe('می\u200cخواهم');
  });
});

describe('the length of text', () => {
  test('is counted in code points, without surrounding white space', () => {
    expect([' ab ', '😀😀', FAMILY, 'e\u0301'].map(textLength)).toEqual([2, 2, 7, 2]);
    expect(displayName.safeParse(`  ${'x'.repeat(LIMITS.maxNameChars)}\n`).success).toBe(true);
    expect(displayName.safeParse('😀'.repeat(LIMITS.maxNameChars)).success).toBe(true);
  });

  test('is what the contract accepts, for any text', () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2 * LIMITS.maxNameChars });
    fc.assert(
      fc.property(texts, (text) => {
        const fits = textLength(text) <= LIMITS.maxNameChars && !isBlank(text);
        return displayName.safeParse(text).success === fits;
      }),
    );
  });
});

describe('a shortened text', () => {
  test('ends before what does not fit: never inside an emoji, a flag, or a letter with its marks', () => {
    expect(cutText(`ab${FAMILY}`, 8)).toBe('ab');
    expect(cutText(`ab${FAMILY}`, 9)).toBe(`ab${FAMILY}`);
    expect(cutText('🇩🇪🇫🇷', 3)).toBe('🇩🇪');
    expect(cutText('ae\u0301', 2)).toBe('a');
    expect(cutText('क्षि!', 3)).toBe('');
    expect(cutText('x'.repeat(300), 200)).toBe('x'.repeat(200));
  });

  test('is the longest prefix of whole graphemes that fits', () => {
    const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
    const texts = fc.string({
      unit: fc.constantFrom('a', FAMILY, '🇩🇪', 'e\u0301', '\u200d', '漢'),
      maxLength: 30,
    });
    fc.assert(
      fc.property(texts, fc.nat(40), (text, maxChars) => {
        const cut = cutText(text, maxChars);
        const starts = Array.from(segmenter.segment(text), ({ index }) => index);
        const next = starts.find((index) => index > cut.length) ?? text.length;
        expect(text.startsWith(cut)).toBe(true);
        expect([...starts, text.length]).toContain(cut.length);
        expect(Array.from(cut).length).toBeLessThanOrEqual(maxChars);
        if (cut !== text) expect(Array.from(text.slice(0, next)).length).toBeGreaterThan(maxChars);
      }),
    );
  });
});

const EMOJIS = [
  ...['👍', '❤️', '👍🏽', '☝🏽', '☝️', FAMILY, '🏳️‍🌈', '🏳️‍⚧️', '🏴‍☠️', '🇩🇪', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣', '#️⃣', '©️', '👁️‍🗨️'],
  ...['👩🏽‍❤️‍💋‍👨🏻', '🏋🏽‍♂️', '🕵️‍♀️', '🫱🏻‍🫲🏿', '⛹🏻‍♀️', '🧑‍🦰', '🇦🇨', '🏃🏽‍♀️‍➡️'],
];

describe('an emoji', () => {
  test('has one form, whatever variation selectors it was typed with', () => {
    for (const emoji of EMOJIS) {
      for (const form of emojiForms(emoji)) expect(toEmoji(form), JSON.stringify(form)).toBe(emoji);
      expect(emojiForms(emoji)).toContain(emoji);
    }
    expect(['👍️', '❤', '❤\ufe0e', '1⃣', '🏳‍🌈'].map(toEmoji)).toEqual(['👍', '❤️', '❤️', '1️⃣', '🏳️‍🌈']);
    expect(emojiForms('❤️').toSorted()).toEqual(['❤', '❤️']);
  });

  test.each([
    'IHATEYOU',
    'meet-me@555',
    'a',
    '1',
    '#',
    '👍👍',
    '👍a',
    '🇩',
    '🇩🇪🇫🇷',
    '👍‍👎',
    '🏽👍',
    '\u200d',
    '',
    '‼x',
    '👨‍👩‍',
  ])('%j is none', (text) => {
    expect(toEmoji(text)).toBeUndefined();
    const wish = { conversationId: 'f'.repeat(24), seq: 1, emoji: text };
    expect(COMMANDS.react.payload.safeParse({ ...wish, on: true }).success).toBe(false);
  });

  test('is never a text with a letter', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 16 }),
        (text) => !/[\p{L}\s]/u.test(text) || toEmoji(text) === undefined,
      ),
    );
  });
});

describe('an address', () => {
  test.each([
    ['https://x.example/a.png', 'https://x.example/a.png'],
    ['  HTTPS://X.Example:443/ä b ', 'https://x.example/%C3%A4%20b'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['https://x.example/a\nb', 'https://x.example/ab'],
    ['https://good.example\\@evil.example/', 'https://good.example/@evil.example/'],
  ])('%j is kept as %s', (given, kept) => {
    expect(pictureUrl.parse(given)).toBe(kept);
  });

  test.each([
    ['a lone surrogate', 'https://x.example/\ud800'],
    ['a lone surrogate, encoded', 'https://x.example/%ED%A0%80'],
    ['NUL', 'https://x.example/a\u0000b'],
    ['NUL, encoded', 'https://x.example/a%00b'],
    ['a line feed, encoded', 'https://x.example/?a=%0d%0Ab'],
    ['what is no UTF-8', 'https://x.example/%FF'],
    ['credentials', 'https://user:password@x.example/'],
    ['a user', 'https://user@x.example/'],
    ['another protocol', 'javascript:alert(1)'],
    ['data', 'data:image/png;base64,AAAA'],
    ['no host', 'https://'],
    ['too many characters', `https://x.example/${'a'.repeat(LIMITS.maxUrlChars)}`],
    ['too many characters when encoded', `https://x.example/${'漢'.repeat(400)}`],
  ])('with %s is refused', (_what, url) => {
    expect(pictureUrl.safeParse(url).success).toBe(false);
  });

  test('is accepted again in its normalized form', () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
        const parsed = pictureUrl.safeParse(url);
        if (parsed.success) expect(pictureUrl.parse(parsed.data)).toBe(parsed.data);
      }),
    );
  });
});

describe('a time with an offset', () => {
  test.each([
    ['2026-12-01T00:00:00+01:00', '2026-11-30T23:00:00.000Z'],
    ['2026-12-01T00:00:00+0530', '2026-11-30T18:30:00.000Z'],
    ['2026-12-01T00:00:00-08', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T00:00:00.5Z', '2026-12-01T00:00:00.500Z'],
    ['2026-12-01T00:00:00-00:00', '2026-12-01T00:00:00.000Z'],
  ])('%s is %s', (given, utc) => {
    expect(timeInput.parse(given)).toBe(utc);
  });

  test.each([
    '2026-12-01',
    '2026-12-01T00:00:00',
    '2026-02-30T00:00:00+01:00',
    '2026-12-01T00:00:00+25:00',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
    'tomorrow',
    '',
  ])('%j is refused', (given) => {
    expect(timeInput.safeParse(given).success).toBe(false);
  });
});

describe('an attachment', () => {
  const voice = { kind: 'voice', url: 'https://x.example/a.ogg' } as const;

  test.each([
    'audio/ogg; codecs=opus',
    'audio/webm;codecs=opus',
    'video/mp4; codecs="avc1.42E01E, mp4a.40.2"',
    'text/plain;charset=utf-8;format=flowed',
    'application/vnd.api+json',
  ])('has the media type %s', (mimeType) => {
    expect(attachment.parse({ ...voice, mimeType }).mimeType).toBe(mimeType);
  });

  test.each([
    'audio',
    'audio/',
    '/ogg',
    'audio/ogg;',
    'audio/ogg; codecs',
    'audio/ogg; codecs=',
    'audio/ogg; c="a\u0000"',
    'audio/ogg; c="a',
    'a b/c',
  ])('has not the media type %j', (mimeType) => {
    expect(attachment.safeParse({ ...voice, mimeType }).success).toBe(false);
  });

  test('has rounded sizes and durations within their limits', () => {
    const measured = { sizeBytes: 600.94, width: 1_079.5, height: 10.2, durationMs: 0.4 };
    expect(attachment.parse({ ...voice, ...measured })).toEqual({
      ...voice,
      sizeBytes: 601,
      width: 1_080,
      height: 10,
      durationMs: 0,
    });
    for (const wrong of [-1, LIMITS.maxAttachmentBytes + 0.6, Number.NaN, Infinity, '7']) {
      expect(attachment.safeParse({ ...voice, sizeBytes: wrong }).success).toBe(false);
    }
  });
});
