/** Colours by what they are for. Each is written as `#rrggbb`: contrasts are computed from them. */
export interface Colors {
  /** Behind everything, and behind the messages. */
  page: string;
  /** Lists, headers, dialogs. */
  surface: string;
  /** Fields and quiet buttons on a surface. */
  surfaceSunk: string;
  surfaceHover: string;
  /** The chosen row of a list. */
  surfaceChosen: string;
  line: string;
  /** Borders of controls: 3 : 1 against the surface. */
  controlLine: string;
  text: string;
  textSoft: string;
  /** Links, icons that are switched on. */
  accent: string;
  /** Filled buttons, badges, the send button. */
  accentFill: string;
  onAccent: string;
  ownBubble: string;
  onOwnBubble: string;
  /** Time and ticks on a bubble of one's own. */
  ownBubbleMeta: string;
  /** Ticks of a message that was read. */
  read: string;
  otherBubble: string;
  onOtherBubble: string;
  otherBubbleMeta: string;
  /** Behind lines of the system and days. */
  system: string;
  online: string;
  danger: string;
  dangerFill: string;
  onDanger: string;
  notice: string;
  onNotice: string;
  badgeQuiet: string;
  onBadgeQuiet: string;
  /** Behind dialogs, drawn half transparent, and behind pictures. */
  scrim: string;
  /** Names of the members of a group, by a hash of their id. */
  names: readonly string[];
  /** Backgrounds of avatars without a picture; the initials on them are white. */
  avatars: readonly string[];
}

const AVATARS = ['#5b4fe0', '#0b7285', '#b3402a', '#2b7a3d', '#a3338f', '#8a5a00', '#1f66c1', '#c02a55'];

export const LIGHT: Colors = {
  page: '#eef0f6',
  surface: '#ffffff',
  surfaceSunk: '#f2f3f8',
  surfaceHover: '#f4f5fa',
  surfaceChosen: '#e9ebfd',
  line: '#e4e6ef',
  controlLine: '#868ca3',
  text: '#1b1e2b',
  textSoft: '#565c73',
  accent: '#4f46e5',
  accentFill: '#4f46e5',
  onAccent: '#ffffff',
  ownBubble: '#e1e3ff',
  onOwnBubble: '#1b1e2b',
  ownBubbleMeta: '#52568a',
  read: '#0a64ad',
  otherBubble: '#ffffff',
  onOtherBubble: '#1b1e2b',
  otherBubbleMeta: '#5f657c',
  system: '#dfe2ec',
  online: '#17a35b',
  danger: '#c0243a',
  dangerFill: '#c8283c',
  onDanger: '#ffffff',
  notice: '#fff4d6',
  onNotice: '#6b4e00',
  badgeQuiet: '#d9dce8',
  onBadgeQuiet: '#3c4258',
  scrim: '#0b0d13',
  names: ['#4f46e5', '#0b7285', '#b3402a', '#2b7a3d', '#a3338f', '#8a5a00', '#1f66c1', '#c02a55'],
  avatars: AVATARS,
};

export const DARK: Colors = {
  page: '#0b0d13',
  surface: '#151821',
  surfaceSunk: '#1d212d',
  surfaceHover: '#1c202c',
  surfaceChosen: '#262b48',
  line: '#262a37',
  controlLine: '#767d97',
  text: '#e9ebf3',
  textSoft: '#a3a9bf',
  accent: '#9a96ff',
  accentFill: '#5b54e8',
  onAccent: '#ffffff',
  ownBubble: '#353a86',
  onOwnBubble: '#f1f2fa',
  ownBubbleMeta: '#c0c4ee',
  read: '#7fd3ff',
  otherBubble: '#1f2330',
  onOtherBubble: '#e9ebf3',
  otherBubbleMeta: '#a3a9bf',
  system: '#1d212d',
  online: '#34d17d',
  danger: '#ff8593',
  dangerFill: '#c63a4c',
  onDanger: '#ffffff',
  notice: '#352c12',
  onNotice: '#f3d68a',
  badgeQuiet: '#343a4d',
  onBadgeQuiet: '#d3d7e6',
  scrim: '#000000',
  names: ['#9a96ff', '#5cc8dd', '#ff9a80', '#74d48c', '#f08fdc', '#e6b450', '#7fb8ff', '#ff8fac'],
  avatars: AVATARS,
};

/** Sizes in density-independent pixels. */
export const SIZES = {
  /** Smallest target of a finger: WCAG 2.2 asks for 24, phones for 44. */
  target: 44,
  radius: 12,
  bubbleRadius: 18,
  /** Widest bubble, as a share of the list and at most so many pixels. */
  bubbleMaxWidth: 560,
  text: 16,
  small: 13,
  tiny: 12,
  title: 17,
  heading: 20,
} as const;
export type Sizes = { readonly [Name in keyof typeof SIZES]: number };
