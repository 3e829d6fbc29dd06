import { contrastOf, mix, readableOn } from './contrast.js';
import { DARK, LIGHT, SIZES, type Colors, type Sizes } from './tokens.js';

export interface Theme {
  scheme: 'light' | 'dark';
  colors: Colors;
  sizes: Sizes;
  /** Undefined: the font of the system. */
  fontFamily: string | undefined;
}

export interface ThemeOptions {
  /** `#rrggbb`. Buttons, badges, links and own bubbles follow from it, in colours that can be read. */
  brand?: string | undefined;
  colors?: Partial<Colors> | undefined;
  sizes?: Partial<Sizes> | undefined;
  fontFamily?: string | undefined;
}

/** Makes a theme from the built-in one of a scheme, a brand's colour, and single tokens. */
export function createTheme(scheme: Theme['scheme'], options: ThemeOptions = {}): Theme {
  const base = scheme === 'light' ? LIGHT : DARK;
  const branded = options.brand === undefined ? {} : colorsOf(options.brand, base);
  return {
    scheme,
    colors: { ...base, ...branded, ...options.colors },
    sizes: { ...SIZES, ...options.sizes },
    fontFamily: options.fontFamily,
  };
}

const TEXT_CONTRAST = 4.5;
/** Contrast of the text on an own bubble: leaves room for a softer colour of the time. */
const BUBBLE_CONTRAST = 7;

function colorsOf(brand: string, base: Colors): Partial<Colors> {
  const ownBubble = bubbleOf(brand, base);
  return {
    accent: readable(brand, base.surface, base.text),
    accentFill: brand,
    onAccent: readableOn(brand),
    ownBubble,
    onOwnBubble: base.text,
    ownBubbleMeta: readable(mix(base.text, ownBubble, 0.7), ownBubble, base.text),
    read: readable(base.read, ownBubble, base.text),
    surfaceChosen: mix(brand, base.surface, 0.14),
  };
}

/** As much of the brand as the text on it bears. */
function bubbleOf(brand: string, base: Colors): string {
  for (let share = base === LIGHT ? 0.16 : 0.45; share > 0; share -= 0.05) {
    const bubble = mix(brand, base.surface, share);
    if (contrastOf(base.text, bubble) >= BUBBLE_CONTRAST) return bubble;
  }
  return base.surface;
}

/** Moves a colour towards another one until it can be read on the background. */
function readable(color: string, background: string, towards: string): string {
  for (let share = 1; share > 0; share -= 0.1) {
    const mixed = mix(color, towards, share);
    if (contrastOf(mixed, background) >= TEXT_CONTRAST) return mixed;
  }
  return towards;
}

export const lightTheme: Theme = createTheme('light');
export const darkTheme: Theme = createTheme('dark');
