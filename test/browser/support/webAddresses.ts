import { describe, expect, it } from 'vitest';

/** Splits a text at its web addresses. Pieces with an `href` are links; the pieces joined are what is shown. */
type SplitLinks = (text: string) => { text: string; href?: string | undefined }[];

const RLO = '\u202E';

/** Tests of a function that finds the web addresses in a text. */
export function describeWebAddresses(splitLinks: SplitLinks): void {
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
}
