import {
  ABILITIES,
  ABILITY_NAMES,
  SAFETY_TABLES,
  VERBS,
  type Cell,
  type SafetyRow,
} from '../../contract/index.js';
import { code, head, NOTE, row } from './markdown.js';

const shown = (cell: Cell | undefined): string => {
  if (cell === undefined) return '—';
  const [mine, theirs] = cell.map((outcome) => (/^[A-Z]/.test(outcome) ? code(outcome) : outcome));
  return mine === theirs ? (mine ?? '') : `${mine ?? ''} / ${theirs ?? ''}`;
};

const table = (rows: readonly SafetyRow[]): string =>
  [
    head('', ...ABILITY_NAMES),
    ...rows.map(({ verb, cells }) => row(code(verb), ...ABILITY_NAMES.map((name) => shown(cells[name])))),
  ].join('\n');

/** What keeps people apart, from the table that the tests are made of. */
export function safetyPage(): string {
  const verbs = Object.entries(VERBS).map(([verb, meaning]) => row(code(verb), meaning));
  const abilities = ABILITY_NAMES.map((name) => row(name, ABILITIES[name]));
  return `${NOTE}

# Safety

Two tables say what each means of keeping people apart does; \`test/safety/truthTable.test.ts\` has a test for every cell. A
cell holds for both sides, or, where there are two words, for me (who used it) and for the other.

${head('verb', 'means')}
${verbs.join('\n')}

${head('column', 'whether one can')}
${abilities.join('\n')}

_hidden_: its place is shown as \`{seq, kind: 'hidden'}\`, so that nobody looks for a hole. With \`restrict\` the columns
search and history are about what was sent since; with the others about what was said before.

## In a direct conversation

${table(SAFETY_TABLES.direct)}

## In a group that both are in

${table(SAFETY_TABLES.group)}

Presence belongs to people who have a direct conversation, and so does unmatching.

## How each is used

- **Block** (\`blockUser\`, \`PUT /api/blocks/:userId\`): it holds on every process within a second, live connections
  included, and is written into the pair's log, so that nothing is committed behind it. Who has blocked may not be added to
  groups by the other. \`getBlocked\` lists, \`blocked: false\` takes it back.
- **Unmatch** (\`unmatch\`): closes a direct conversation for both. It is kept for moderation. Opening it again
  (\`getOrCreateDirect\`) is for whoever closed it, and for a token with the role \`backend\` or \`moderator\` (a match
  that the app's backend has made): the same conversation with its history, never a second one.
- **Report** (\`report\`): a message or a user, with a reason. One open report per reporter and thing.
- **Moderators** are callers whose token has \`roles: ["moderator"]\`. They list reports with ten messages on either side
  (\`getReports\`), close them (\`resolveReport\`), and restrict users (\`restrictUser\`): what a restricted user sends is
  answered as usual and shown to nobody else. The context of a report is read when it is listed: what was deleted for
  everyone since is a tombstone there, too.
- **Privacy** (\`setPrivacy\`): read receipts, typing and last seen (\`everyone\`, \`contacts\`: people one
  has written to, \`nobody\`) can each be switched off; what one does not show, one is not shown of others.

How it holds on every process: [decision 15](decisions/0015-who-hears-is-judged-where-it-is-heard.md).
`;
}
