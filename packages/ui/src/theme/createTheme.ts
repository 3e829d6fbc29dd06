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

function colorsOf(brand: string, base: Colors): Partial<Colors> {
  const bubbleShare = base === LIGHT ? 0.16 : 0.45;
  const ownBubble = mix(brand, base === LIGHT ? '#ffffff' : base.surface, bubbleShare);
  const onOwnBubble = contrastOf(base.text, ownBubble) >= TEXT_CONTRAST ? base.text : readableOn(ownBubble);
  const meta = readable(mix(onOwnBubble, ownBubble, 0.7), ownBubble, onOwnBubble);
  return {
    accent: readable(brand, base.surface, base.text),
    accentFill: brand,
    onAccent: readableOn(brand),
    ownBubble,
    onOwnBubble,
    ownBubbleMeta: meta,
    read: readable(base.read, ownBubble, onOwnBubble),
    surfaceChosen: mix(brand, base.surface, 0.14),
  };
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
