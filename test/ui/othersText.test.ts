import { describe, expect, it } from 'vitest';
import { fileLine, isolate, markOf, showControls, showInvisible } from '../../packages/ui/src/bidi.js';
import { splitLinks } from '../../packages/ui/src/chat/links.js';

const RLO = '\u202E';
const POP_ISOLATE = '\u2069';

describe('text of other people', () => {
  it('shows directional controls in names, and everything invisible in file names', () => {
    expect(showControls(`Bob${RLO}ecila`)).toBe('Bob[U+202E]ecila');
    expect(showInvisible(`invoice${RLO}fdp.exe`)).toBe('invoice[U+202E]fdp.exe');
    expect(showInvisible('a\u200Bb\u0007.txt')).toBe('a[U+200B]b[U+0007].txt');
  });

  it('leaves names of any script, emoji and joiners as they are', () => {
    for (const name of ['Łukasz', 'محمد', 'דנה', 'می‌خواهم', '👨‍👩‍👧', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']) {
      expect(showControls(name)).toBe(name);
      expect(showInvisible(name)).toBe(name);
    }
  });

  it('is isolated in a sentence that it could reorder, and cannot leave its isolation', () => {
    expect(isolate('Alice')).toBe('\u2068Alice\u2069');
    expect(isolate('דנה')).toBe('\u2068דנה\u2069');
    expect(isolate(`x${POP_ISOLATE}${RLO}y`)).toBe('\u2068xy\u2069');
  });

  it('keeps the extension of a file at the end of its line', () => {
    expect(fileLine('notes.txt')).toBe('notes.txt');
    expect(fileLine(`a${RLO}b`)).toBe('a[U+202E]b');
    expect(fileLine('דנה.exe')).toBe('\u2066\u2068דנה\u2069\u2066.exe\u2069\u2069');
    expect(fileLine('.דנה')).toBe('.דנה');
  });

  it('gives a line its direction: that of its first letter, or that of the app', () => {
    const [left, right] = ['\u200E', '\u200F'];
    expect(['5 pm דנה', 'دان Dan', '5', '👍'].map((text) => markOf(text, 'ltr'))).toEqual([
      left,
      right,
      left,
      left,
    ]);
    expect(markOf('5', 'rtl')).toBe(right);
  });
});

describe('web addresses', () => {
  const links = (text: string) => splitLinks(text).filter(({ href }) => href !== undefined);

  it.each([
    ['see https://example.com/a?b=1#c.', 'https://example.com/a?b=1#c', 'https://example.com/a?b=1#c'],
    ['(https://example.com/a_(b))', 'https://example.com/a_(b)', 'https://example.com/a_(b)'],
    ['“https://example.com/x”, and', 'https://example.com/x', 'https://example.com/x'],
    ['HTTP://Example.com', 'HTTP://Example.com', 'http://example.com/'],
    ['www.example.com!', 'www.example.com', 'https://www.example.com/'],
    ['https://example.com:443/', 'https://example.com:443/', 'https://example.com/'],
    [
      'https://de.wikipedia.org/wiki/Köln',
      'https://de.wikipedia.org/wiki/Köln',
      'https://de.wikipedia.org/wiki/K%C3%B6ln',
    ],
    ['读https://example.com/页。', 'https://example.com/页', 'https://example.com/%E9%A1%B5'],
  ])('in %s are links', (text, shown, href) => {
    const pieces = splitLinks(text.replace('读', '读 '));
    expect(pieces.filter((piece) => piece.href !== undefined)).toEqual([{ text: shown, href }]);
    expect(pieces.map((piece) => piece.text).join('')).toBe(text.replace('读', '读 '));
  });

  it.each([
    ['https://exаmple.com', 'https://xn--exmple-4nf.com/'],
    ['https://exa\u00ADmple.com/x', 'https://example.com/x'],
    ['https://0x7f.1/', 'https://127.0.0.1/'],
    ['https://good.com\\@evil.com/', 'https://good.com/@evil.com/'],
    ['https://example.com/\u05D0\u05D1', 'https://example.com/%D7%90%D7%91'],
  ])('that a browser reads otherwise are shown as it reads them: %s', (text, href) => {
    expect(splitLinks(text)).toEqual([{ text: href, href }]);
  });

  it.each([
    'javascript:alert(1)',
    'ftp://example.com',
    'https://user:pw@example.com/',
    'https://good.com@evil.com/',
    'xhttps://example.com',
    'mail@www.example.com',
    'https://',
    'www.',
    'https://[bad',
    `${RLO}https://example.com/`,
    `https://example.com/${RLO}moc.live`,
  ])('that lead elsewhere or hide where are none: %s', (text) => {
    expect(links(text)).toEqual([]);
    expect(
      splitLinks(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });

  it('stand for themselves in their paragraph, several in one message', () => {
    const text = `https://a.example/ and https://b.example/)\n${RLO}https://c.example/\nhttps://d.example/`;
    expect(links(text).map(({ href }) => href)).toEqual([
      'https://a.example/',
      'https://b.example/',
      'https://d.example/',
    ]);
  });
});
