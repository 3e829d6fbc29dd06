/** Characters without a visible shape that no Unicode property covers: Braille, Egyptian, Khitan, music. */
const BLANK_SIGNS = '\\u2800\\u{13441}\\u{13442}\\u{16FE4}\\u{1D159}';
const BLANKS = `[\\p{White_Space}\\p{Default_Ignorable_Code_Point}\\p{Cc}\\p{Cf}\\p{Noncharacter_Code_Point}${BLANK_SIGNS}]`;

/** Older engines (Hermes before 2024) do not support these properties. */
function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    return /^\s*$/;
  }
}

let blank: RegExp | undefined;

/**
 * True when nothing is visible: white space, zero-width and format characters, fillers, or an empty text. The server takes such a
 * text as an empty one.
 */
export const isBlank = (text: string): boolean => (blank ??= compile(`^${BLANKS}*$`)).test(text);
