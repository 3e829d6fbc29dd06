import {
  ABILITIES,
  ABILITY_NAMES,
  CONSEQUENCES,
  RESTRICTED_COMMAND_NAMES,
  RESTRICTED_COMMANDS,
  SAFETY_TABLES,
  LIMITS,
  VERBS,
  type Cell,
  type RestrictedRow,
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

const restrictedRows = (): string[] =>
  RESTRICTED_COMMAND_NAMES.map((name) => {
    const { consequence, note }: RestrictedRow = RESTRICTED_COMMANDS[name];
    return row(code(name), /^[A-Z]/.test(consequence) ? code(consequence) : consequence, note ?? '');
  });

const consequences = (): string[] =>
  Object.entries(CONSEQUENCES).map(([name, meaning]) =>
    row(/^[A-Z]/.test(name) ? code(name) : name, meaning),
  );

/** Generates docs/safety.md from the tables that also define the tests. */
export function safetyPage(): string {
  const verbs = Object.entries(VERBS).map(([verb, meaning]) => row(code(verb), meaning));
  const abilities = ABILITY_NAMES.map((name) => row(name, ABILITIES[name]));
  return `${NOTE}

# Safety

Three tables define the effect of each safety feature; \`test/safety/truthTable.test.ts\` has a test for every cell. A cell
with one value applies to both sides. With two values, the first applies to the user of the feature, the second to the other.

${head('verb', 'means')}
${verbs.join('\n')}

${head('column', 'question')}
${abilities.join('\n')}

_hidden_: the position is shown as \`{seq, kind: 'hidden'}\`, so that clients do not search for a gap. For \`restrict\` the
columns search and history concern messages sent since then; for the other features, messages sent before.

## In a direct conversation

${table(SAFETY_TABLES.direct)}

## In a direct conversation of users who have not met

Two users have met when both have sent a message in their chat. A user who is blocked before that is not notified: the chat
exists, but no answer comes. The blocker's devices lose a chat without messages (\`conversation:removed\`) until they unblock. Messages
of the blocked user are stored for that user alone (\`sent\`, never delivered), also after the block is lifted. Changes by the blocked user are shown to no one, and nothing is written to the log. Rows that are
missing here are the same as above.

${table(SAFETY_TABLES.unmet)}

## In a group that both are in

${table(SAFETY_TABLES.group)}

Unmatching exists only in direct conversations. Presence in groups exists only in small groups in which both have sent a message.

In a group, a block hides the content of the other user: messages, edits, reactions (in pushes, pages, counts,
\`getReactions\`, \`getChanges\`), typing and receipts. Reactions are hidden by their author, not by the author of the message.
What the other user does as owner or admin of the group (name, members, pins, deletions) belongs to the group and is shown to
all members. A change that a member may not see is \`{conversationId, rev, kind: 'hidden'}\` for that member.

## Actions of a restricted user

${head('consequence', 'means')}
${consequences().join('\n')}

${head('command', 'consequence', '')}
${restrictedRows().join('\n')}

A new name or picture (\`PATCH /api/users/me\`) is shown to the restricted user alone. Commands that are not in the table only
read, or concern the caller alone. Everything that others see (history, changes, counts, previews, search, member lists,
pushes) excludes this content; \`seq\` and \`rev\` stay gapless for them.

When the restriction ends, nothing is published afterwards. Content that stands on its own (messages, occasions, chats and
groups created under the restriction) stays visible to its author alone, until the other user opens the chat, or the author
writes to it or adds members to the group. Changes made under the restriction (edits, reactions, pins, names, members, roles,
rules, the profile) are dropped: the author sees the same as everyone else again. A second restriction does not restore them.
Why: [decision 24](decisions/0024-what-a-restricted-user-changes-is-stored-for-them-alone.md).

## Using the features

- **Block** (\`blockUser\`, \`PUT /api/blocks/:userId\`): takes effect on every process within a second, including open
  connections. If the pair has met, the block is written into their log, so that no message is committed after it. A blocked
  user cannot add the blocker to groups. A user can block up to ${LIMITS.maxBlocks.toLocaleString('en-US')} others. \`getBlocked\` lists them, \`blocked: false\` unblocks.
- **Unmatch** (\`unmatch\`): closes a direct conversation for both. It is kept for moderation. Only the user who closed it, or
  a token with the role \`backend\` or \`moderator\` (a new match by the app's backend), can open it again with
  \`getOrCreateDirect\`: the same conversation with its history, never a second one.
- **Report** (\`report\`): a message or a user, with a reason. One open report per reporter and subject.
- **Moderators** are callers whose token has \`roles: ["moderator"]\`. They list reports with ten messages before and after
  (\`getReports\`), decide them (\`resolveReport\`: \`dismiss\`, \`deleteMessage\`, \`restrictUser\` or \`banUser\`, with or without
  a note), restrict users (\`restrictUser\`), and read who did what and when (\`getAudit\`). What a restricted user sends or
  changes is answered as usual and shown to no one else (see above). The context of a report is read when it is listed:
  messages that were deleted for everyone since are tombstones there, too. Files of the reported message stay
  readable for moderators until the decision ([files](files.md#reported-messages)).
- **Privacy** (\`updatePrivacy\`): read receipts, typing, and presence with last seen can each be switched off. A user who does
  not share one of these does not see it of others. Presence is visible to \`contacts\` (the default: users who have exchanged
  messages with the user, in a direct chat or in a small group), to \`everyone\` who has a chat with the user, even without
  messages, or to \`nobody\`.
- **Who may add me to groups** (\`updatePrivacy\`, \`addToGroups\`): \`everyone\`, \`contacts\` (users to whom I have written in
  our direct conversation) or \`nobody\`. Users who cannot be added, because of this setting or a block, are listed with
  \`FORBIDDEN\` in \`refused\` of \`createGroup\` and \`addMembers\`; the answer does not say which of the two it is. The others
  are added. Joining an open group is not affected.
- **Reading in secret stays secret**: positions and times that were reached while receipts were switched off, during a block
  between the two users, or under a restriction are never shown later, however they were reached (reading, answering,
  clearing, deleting). Once others may see receipts again, the next read that goes further is shown: everything up to it
  counts as read at that time. In a direct chat, an answer that was sent openly remains visible evidence of reading.

How this works across processes: [decision 15](decisions/0015-who-hears-is-judged-where-it-is-heard.md). What is never
revealed later, and when a block is visible: [decision 25](decisions/0025-what-was-hidden-stays-hidden.md).
`;
}
