import { describe, expect, test } from 'vitest';
import {
  contrastOf,
  createTheme,
  darkTheme,
  lightTheme,
  type Colors,
  type Theme,
} from '../../packages/ui/src/theme/index.js';

/** Text and what it stands on. WCAG 2.2, level AA: 4.5 : 1. */
const TEXTS: [keyof Colors, keyof Colors][] = [
  ['text', 'page'],
  ['text', 'surface'],
  ['text', 'surfaceSunk'],
  ['text', 'surfaceHover'],
  ['text', 'surfaceChosen'],
  ['textSoft', 'page'],
  ['textSoft', 'surface'],
  ['textSoft', 'surfaceSunk'],
  ['textSoft', 'surfaceHover'],
  ['textSoft', 'surfaceChosen'],
  ['textSoft', 'system'],
  ['accent', 'surface'],
  ['onAccent', 'accentFill'],
  ['onOwnBubble', 'ownBubble'],
  ['ownBubbleMeta', 'ownBubble'],
  ['onOtherBubble', 'otherBubble'],
  ['otherBubbleMeta', 'otherBubble'],
  ['danger', 'surface'],
  ['danger', 'page'],
  ['onDanger', 'dangerFill'],
  ['onNotice', 'notice'],
  ['onBadgeQuiet', 'badgeQuiet'],
];
/** Drawings and borders of controls: 3 : 1. */
const DRAWINGS: [keyof Colors, keyof Colors][] = [
  ['controlLine', 'surface'],
  ['read', 'ownBubble'],
  ['read', 'surface'],
  ['online', 'surface'],
  ['accent', 'page'],
  ['accent', 'surfaceSunk'],
  ['accent', 'surfaceChosen'],
];

const BRANDS = ['#c2185b', '#ffd400', '#00a37a', '#111111', '#f5f5f5', '#7a2cf0', '#ff6a00'];
const themes: [string, Theme][] = [
  ['light', lightTheme],
  ['dark', darkTheme],
  ...BRANDS.flatMap((brand): [string, Theme][] => [
    [`light, ${brand}`, createTheme('light', { brand })],
    [`dark, ${brand}`, createTheme('dark', { brand })],
  ]),
];

describe.each(themes)('theme: %s', (_name, { colors }) => {
  const contrast = (one: keyof Colors, other: keyof Colors): number =>
    contrastOf(String(colors[one]), String(colors[other]));

  test.each(TEXTS)('%s can be read on %s', (text, background) => {
    expect(contrast(text, background)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(DRAWINGS)('%s can be seen on %s', (line, background) => {
    expect(contrast(line, background)).toBeGreaterThanOrEqual(3);
  });

  test('names of senders can be read on their bubbles, and initials on their avatars', () => {
    for (const name of colors.names) expect(contrastOf(name, colors.otherBubble)).toBeGreaterThanOrEqual(4.5);
    for (const color of colors.avatars) expect(contrastOf('#ffffff', color)).toBeGreaterThanOrEqual(4.5);
  });
});

test('contrast is that of WCAG', () => {
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  expect(() => contrastOf('red', '#ffffff')).toThrow('#rrggbb');
});

test('single tokens replace those of the brand', () => {
  const { colors, sizes } = createTheme('light', {
    brand: '#c2185b',
    colors: { ownBubble: '#ffffff' },
    sizes: { radius: 4 },
  });
  expect([colors.accentFill, colors.ownBubble, sizes.radius]).toEqual(['#c2185b', '#ffffff', 4]);
});
