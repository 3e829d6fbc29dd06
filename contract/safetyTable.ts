/**
 * Effects of the safety features. The documentation page and the tests are generated from these tables. A cell states
 * what the user of a feature, and what the other user, can do with regard to each other.
 */

export const ABILITIES = {
  send: 'send to the other user',
  receive: 'receive live what the other user sends',
  presence: "watch the other user's presence",
  typing: 'see that the other user is typing',
  receipts: 'receive read positions of the other user',
  search: 'find messages of the other user',
  list: 'have the conversation on the list',
  history: 'read messages of the other user',
  reaction: 'see new reactions of the other user to earlier own messages',
  edit: 'see new edits by the other user of their earlier messages',
} as const;
export type Ability = keyof typeof ABILITIES;
export const ABILITY_NAMES = Object.keys(ABILITIES) as Ability[];

/** Possible as usual; impossible; shown as a hidden entry; or refused with an error code. */
export type Outcome = 'yes' | 'no' | 'hidden' | 'BLOCKED' | 'NOT_PARTICIPANT';

/** Outcome for the user of the feature, and for the other user. */
export type Cell = readonly [mine: Outcome, theirs: Outcome];

export const VERBS = {
  block: 'I have blocked the other user.',
  mute: 'I have muted the conversation.',
  hide: 'I have deleted the conversation for myself.',
  unmatch: 'I have unmatched the other user.',
  report: 'I have reported the other user.',
  restrict: 'A moderator has restricted the other user.',
} as const;
export type Verb = keyof typeof VERBS;

export interface SafetyRow {
  verb: Verb;
  /** Messages that `search` and `history` refer to: those sent before, or those sent since. */
  about: 'before' | 'since';
  cells: Partial<Record<Ability, Cell>>;
}

const both = (outcome: Outcome): Cell => [outcome, outcome];
const YES = both('yes');
const NO = both('no');
const USUAL = {
  send: YES,
  receive: YES,
  typing: YES,
  receipts: YES,
  search: YES,
  list: YES,
  history: YES,
  reaction: YES,
  edit: YES,
} as const;
const RESTRICTED = {
  ...USUAL,
  receive: ['hidden', 'yes'],
  typing: ['no', 'yes'],
  receipts: ['no', 'yes'],
  search: ['no', 'yes'],
  history: ['hidden', 'yes'],
  reaction: ['no', 'yes'],
  edit: ['no', 'yes'],
} as const;

/** Effects of a user's own settings and deletions, in a direct conversation as in a group. */
const OWN_ROWS: readonly SafetyRow[] = [
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
      reaction: NO,
      edit: NO,
    },
  },
];

/** Effects in the direct conversation of the two users. */
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
      reaction: NO,
      edit: NO,
    },
  },
  ...OWN_ROWS,
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
      reaction: NO,
      edit: NO,
    },
  },
  { verb: 'report', about: 'before', cells: { ...USUAL, presence: YES } },
  { verb: 'restrict', about: 'since', cells: { ...RESTRICTED, presence: ['no', 'yes'] } },
];

/** Effects in a direct conversation in which only the other user has sent messages. */
export const UNMET_TABLE: readonly SafetyRow[] = [
  {
    verb: 'block',
    about: 'before',
    cells: {
      send: ['BLOCKED', 'yes'],
      receive: NO,
      presence: NO,
      typing: NO,
      receipts: NO,
      list: YES,
    },
  },
];

/** Effects in a group in which both users are members and have sent messages. Unmatching applies to direct conversations only. */
export const GROUP_TABLE: readonly SafetyRow[] = [
  {
    verb: 'block',
    about: 'before',
    cells: {
      ...USUAL,
      presence: NO,
      receive: ['hidden', 'yes'],
      typing: NO,
      receipts: NO,
      search: ['no', 'yes'],
      history: ['hidden', 'yes'],
      // Members cannot react to messages that are hidden from them.
      reaction: NO,
      edit: ['no', 'yes'],
    },
  },
  ...OWN_ROWS,
  { verb: 'report', about: 'before', cells: { ...USUAL, presence: YES } },
  { verb: 'restrict', about: 'since', cells: { ...RESTRICTED, presence: ['no', 'yes'] } },
];

export const SAFETY_TABLES = { direct: DIRECT_TABLE, unmet: UNMET_TABLE, group: GROUP_TABLE } as const;
export type SafetyScene = keyof typeof SAFETY_TABLES;
