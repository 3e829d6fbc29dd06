/**
 * What each means of keeping people apart does: one table, from which the page and the tests are made. A cell says what
 * the one who used it, and then what the other, can do with regard to each other.
 */

export const ABILITIES = {
  send: 'send to the other',
  receive: 'hear live what the other sends',
  presence: "watch the other's presence",
  typing: 'notice that the other is typing',
  receipts: 'hear how far the other has read',
  search: 'find what the other said',
  list: 'have the conversation on the list',
  history: 'read what the other said',
} as const;
export type Ability = keyof typeof ABILITIES;
export const ABILITY_NAMES = Object.keys(ABILITIES) as Ability[];

/** As usual; not at all; as a hidden place; or the code of the refusal. */
export type Outcome = 'yes' | 'no' | 'hidden' | 'BLOCKED' | 'NOT_PARTICIPANT';

/** The one who used it, and the other. */
export type Cell = readonly [mine: Outcome, theirs: Outcome];

export const VERBS = {
  block: 'I have blocked the other.',
  mute: 'I have muted the conversation.',
  hide: 'I have deleted the conversation for me.',
  unmatch: 'I have unmatched the other.',
  report: 'I have reported the other.',
  restrict: 'A moderator has restricted the other.',
} as const;
export type Verb = keyof typeof VERBS;

export interface SafetyRow {
  verb: Verb;
  /** Which messages `search` and `history` are about: those from before, or those sent since. */
  about: 'before' | 'since';
  cells: Partial<Record<Ability, Cell>>;
}

const both = (outcome: Outcome): Cell => [outcome, outcome];
const YES = both('yes');
const NO = both('no');
const USUAL = {
  ...{ send: YES, receive: YES, typing: YES, receipts: YES, search: YES, list: YES, history: YES },
} as const;
const RESTRICTED = {
  ...USUAL,
  receive: ['hidden', 'yes'],
  typing: ['no', 'yes'],
  receipts: ['no', 'yes'],
  search: ['no', 'yes'],
  history: ['hidden', 'yes'],
} as const;

/** In the direct conversation of the two. */
export const DIRECT_TABLE: readonly SafetyRow[] = [
  {
    verb: 'block',
    about: 'before',
    cells: {
      ...USUAL,
      send: both('BLOCKED'),
      receive: NO,
      presence: NO,
      typing: NO,
      receipts: NO,
    },
  },
  { verb: 'mute', about: 'before', cells: { ...USUAL, presence: YES } },
  {
    verb: 'hide',
    about: 'before',
    cells: {
      ...USUAL,
      presence: YES,
      search: ['no', 'yes'],
      list: ['no', 'yes'],
      history: ['hidden', 'yes'],
    },
  },
  {
    verb: 'unmatch',
    about: 'before',
    cells: {
      send: both('NOT_PARTICIPANT'),
      receive: NO,
      presence: NO,
      typing: NO,
      receipts: NO,
      search: NO,
      list: NO,
      history: both('NOT_PARTICIPANT'),
    },
  },
  { verb: 'report', about: 'before', cells: { ...USUAL, presence: YES } },
  { verb: 'restrict', about: 'since', cells: { ...RESTRICTED, presence: ['no', 'yes'] } },
];

/** In a group that both are in. Presence belongs to direct conversations, and so does unmatching. */
export const GROUP_TABLE: readonly SafetyRow[] = [
  {
    verb: 'block',
    about: 'before',
    cells: {
      ...USUAL,
      receive: ['hidden', 'yes'],
      typing: NO,
      receipts: NO,
      search: ['no', 'yes'],
      history: ['hidden', 'yes'],
    },
  },
  { verb: 'mute', about: 'before', cells: USUAL },
  {
    verb: 'hide',
    about: 'before',
    cells: { ...USUAL, search: ['no', 'yes'], list: ['no', 'yes'], history: ['hidden', 'yes'] },
  },
  { verb: 'report', about: 'before', cells: USUAL },
  { verb: 'restrict', about: 'since', cells: RESTRICTED },
];

export const SAFETY_TABLES = { direct: DIRECT_TABLE, group: GROUP_TABLE } as const;
export type SafetyScene = keyof typeof SAFETY_TABLES;
