/** Relative luminance of a colour, 0 (black) to 1 (white), as WCAG 2.2 defines it. */
export function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((value) =>
    value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of two colours, 1 to 21. Text needs 4.5, large text and borders of controls need 3 (WCAG 2.2, level AA). */
export function contrastOf(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Returns black or white: the one that can be read on a colour. */
export const readableOn = (color: string): string =>
  contrastOf('#ffffff', color) >= 4.5 ? '#ffffff' : '#11131a';

/** Mixes two colours; `share` of the first one, 0 to 1. */
export function mix(one: string, other: string, share: number): string {
  const others = channelsOf(other);
  const mixed = channelsOf(one).map((value, index) => value * share + (others[index] ?? 0) * (1 - share));
  return `#${mixed
    .map((value) =>
      Math.round(value * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

/** @throws when the colour is not written as `#rrggbb` */
function channelsOf(color: string): number[] {
  if (!/^#[0-9a-f]{6}$/i.test(color)) throw new Error(`Not a colour of the form #rrggbb: ${color}`);
  return [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16) / 255);
}
