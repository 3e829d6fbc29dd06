import { Option } from 'commander';
import { z } from 'zod';
import type { Remedy } from '../../../backend/src/models/verify/remedy.js';
import { findPlaceless, placelessRemedy, WITHOUT_SEQ } from '../../../backend/src/models/verify/placeless.js';
import { defineTask, type Finding, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { BECAUSE, DOUBTS, type Attribution } from '../split/chat.js';
import { mergeKind } from '../merge/undoMerge.js';
import { NO_DECISIONS, readDecisions, requireNamed } from '../split/decisions.js';
import { SPLIT_KINDS } from '../split/entryKinds.js';
import { findMixed, isSealed, type Log, type StoredChat } from '../split/mixed.js';
import { repeatedSteps } from '../split/repeated.js';
import { mergeSteps } from './cleanupDuplicateChats.js';
import { describeHelp } from './help.js';
import { summariseSplit } from './summaries.js';
import { attributeChat, sealChat, settle, splitChat, type SplitOptions } from '../split/splitChat.js';

const HOUR_MS = 3_600_000;
const schema = z.object({
  hub: z.array(z.string()).default([]),
  decisions: z.string().optional(),
  only: z.array(z.string()).default([]),
  onlyProven: z.boolean().default(false),
  answerWithinHours: z.coerce.number().positive().default(24),
  unattributedName: z.string().trim().min(1).max(100).default('Messages without addressee'),
});

export const splitGroupConversations = defineTask({
  name: 'split-group-conversations',
  summary: 'splits "one-to-one" chats with three or more users into one direct chat per pair',
  help: `Every message is moved to the pair that it belongs to. A message of a user at the rim belongs to the pair of that user and
the user in the middle (the hub). A message of the hub belongs to the pair of the hub and the user of that exchange. If the
addressee is unknown, the message goes to a separate conversation that only its sender sees, and is listed with the reason.
--dry-run lists every message and where it would go. A chat with one user is ended the same way. A chat of two that names
a user twice is corrected to name each once.`,
  kind: 'change',
  schema,
  options: [
    new Option(
      '--hub <users...>',
      'users in the middle of chats (sellers, support), where the data does not show it',
    ),
    new Option(
      '--decisions <file>',
      'manual decisions as JSON: {"<chat id>": {"hub": "<user>", "messages": {"<message id>": "<addressee>"}}}',
    ),
    new Option('--only <chats...>', 'split only the conversations with these ids'),
    new Option(
      '--only-proven',
      'ignore the order in time: use only replies, recipients, occasions and decisions',
    ),
    new Option(
      '--answer-within-hours <n>',
      'after this time an unanswered message no longer counts as waiting for an answer (default: 24)',
    ),
    new Option('--unattributed-name <name>', 'name of the conversations of messages without addressee'),
  ],
  entryKinds: [...SPLIT_KINDS, mergeKind],
  async *steps(context, given) {
    const options = await toSplitOptions(context, given);
    const duplicates = { found: false };
    const onDuplicate = () => {
      duplicates.found = true;
    };
    yield* repeatedSteps(context, { only: options.only, onDuplicate });
    // Flushes the steps above before the merge below searches for pairs.
    yield { note: true, counts: {} };
    let sealedAtMs: number | undefined;
    for await (const chat of findMixed(context)) {
      if (isSealed(chat) || !isChosen(chat, options) || (await hasPlaceless(context, chat))) continue;
      yield {
        lines: [
          `conversation ${chat._id.toHexString()} (${chat.participants.join(', ')}): ended, no further messages are stored in it`,
        ],
        counts: { mixedChats: 1 },
        apply: async (journal) => {
          await sealChat(context, chat, journal);
          sealedAtMs = performance.now();
          return undefined;
        },
      };
    }
    for await (const chat of findMixed(context)) {
      if (!isChosen(chat, options)) continue;
      yield* splitSteps(context, { chat, options, sealedAt: () => sealedAtMs, onDuplicate });
    }
    // A pair that already had a correct chat has two now; they are merged.
    if (duplicates.found) yield* mergeSteps(context);
  },
  summarise: summariseSplit,
});

interface ChosenOptions extends SplitOptions {
  only: ReadonlySet<string>;
}

const isChosen = ({ _id }: StoredChat, { only }: ChosenOptions): boolean =>
  only.size === 0 || only.has(_id.toHexString());

async function toSplitOptions(context: TaskContext, given: z.infer<typeof schema>): Promise<ChosenOptions> {
  const { decisions } = given;
  const options = {
    hubs: new Set(given.hub),
    only: new Set(given.only),
    decided: decisions === undefined ? NO_DECISIONS : await readDecisions(context.pathOf(decisions)),
    onlyProven: given.onlyProven,
    answerWithinMs: given.answerWithinHours * HOUR_MS,
    unattributedName: given.unattributedName,
  };
  await requireNamed(context, { ...options, decisions: options.decided });
  return options;
}

interface SplitWork {
  chat: StoredChat;
  options: SplitOptions;
  sealedAt: () => number | undefined;
  onDuplicate: () => void;
}

async function* splitSteps(
  context: TaskContext,
  { chat, options, sealedAt, onDuplicate }: SplitWork,
): AsyncGenerator<Step | Finding> {
  const id = chat._id.toHexString();
  yield* severalHubs(chat, options);
  const { log, attributions } = await attributeChat(context, chat, options);
  if (log.placeless > 0) {
    yield {
      problem: `conversation ${id}: ${log.placeless} messages have no seq in its log; it is not split${describeHelp(await helpWithPlaceless(context, chat))}`,
      details: { conversationId: id },
    };
    return;
  }
  yield {
    lines: attributions.map((one, index) => lineOf(one, log.messages[index]?._id.toHexString() ?? '')),
    counts: countOf(attributions),
    apply: async (journal) => {
      await settle(context, sealedAt());
      const { counts, duplicates } = await splitChat(context, { chat, options, journal });
      if (duplicates.length > 0) onDuplicate();
      return counts;
    },
  };
  yield* doubts(log, attributions, id);
}

/** True when a message has no `seq`. Such a chat is not ended, because it could not be split yet. */
const hasPlaceless = async (context: TaskContext, { _id }: StoredChat): Promise<boolean> =>
  (await context
    .collection('messages')
    .countDocuments({ conversationId: _id, ...WITHOUT_SEQ }, { limit: 1 })) > 0;

const helpWithPlaceless = async (context: TaskContext, { document }: StoredChat): Promise<Remedy> => {
  const collections = { messages: context.collection('messages'), members: context.collection('members') };
  return placelessRemedy(await findPlaceless(collections, document));
};

/** When a chat contains several users named by `--hub`, none of them is used. */
function* severalHubs(
  { _id, participants }: StoredChat,
  { hubs, decided }: SplitOptions,
): Generator<Finding> {
  const named = participants.filter((userId) => hubs.has(userId));
  const id = _id.toHexString();
  if (named.length < 2 || decided.hubs.has(id)) return;
  yield {
    problem: `conversation ${id}: several users of --hub are in it (${named.join(', ')}), so none is used; name its hub in the decisions file`,
    details: { conversationId: id, hubs: named },
  };
}

const lineOf = (one: Attribution, messageId: string): string =>
  `message ${messageId} (${one.seq}, of ${one.senderId}) → ${
    one.to === undefined ? `only ${one.senderId}: ${DOUBTS[one.doubt]}` : `${one.to}: ${BECAUSE[one.because]}`
  }`;

const countOf = (attributions: readonly Attribution[]): Record<string, number> => ({
  messages: attributions.length,
  ambiguous: attributions.filter(({ to }) => to === undefined).length,
});

function* doubts(log: Log, attributions: readonly Attribution[], conversationId: string): Generator<Finding> {
  for (const [index, one] of attributions.entries()) {
    if (one.to !== undefined) continue;
    const messageId = log.messages[index]?._id.toHexString();
    yield {
      problem: `message ${messageId} (${one.seq}, of ${one.senderId}) in ${conversationId}: ${DOUBTS[one.doubt]}; only its sender sees it`,
      details: { conversationId, messageId, seq: one.seq, senderId: one.senderId, doubt: one.doubt },
    };
  }
}
