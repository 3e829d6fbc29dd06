import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { z } from 'zod';
import { CannotRun, defineTask, type Finding, type Step, type TaskContext } from '../frame/task.js';
import { BECAUSE, DOUBTS, type Attribution } from '../split/chat.js';
import { mergeKind } from '../merge/undoMerge.js';
import { SPLIT_KINDS } from '../split/entryKinds.js';
import { findMixed, isSealed, type Log, type StoredChat } from '../split/mixed.js';
import { mergeSteps } from './cleanupDuplicateChats.js';
import { attributeChat, sealChat, settle, splitChat, type SplitOptions } from '../split/splitChat.js';

const HOUR_MS = 3_600_000;
const schema = z.object({
  hub: z.array(z.string()).default([]),
  decisions: z.string().optional(),
  onlyProven: z.boolean().default(false),
  answerWithinHours: z.coerce.number().positive().default(24),
  apartName: z.string().trim().min(1).max(100).default('Messages without addressee'),
});
const decisionsFile = z.record(z.string().regex(/^[0-9a-f]{24}$/, 'must be the id of a message'), z.string());

export const splitGroupConversations = defineTask({
  name: 'split-group-conversations',
  summary: 'makes one direct chat per real pair of a "one-to-one" chat with three or more people in it',
  help: `Every message goes to the pair that it belongs to: what somebody at the rim wrote to the pair with the one in the
middle, what that one wrote to whoever the exchange was with. Where that is not known it goes to nobody but its sender,
into a conversation of its own, and is listed with the reason. --dry-run lists every message and where it would go.`,
  kind: 'change',
  schema,
  options: [
    new Option(
      '--hub <users...>',
      'users around whom chats turn (sellers, support), where the data does not show it',
    ),
    new Option(
      '--decisions <file>',
      'what a person decided: JSON, {"<message id>": "<user whom it was for>"}',
    ),
    new Option(
      '--only-proven',
      'the order in time counts for nothing: only replies, recipients, occasions, decisions',
    ),
    new Option(
      '--answer-within-hours <n>',
      'after so long nobody is taken for waiting any more (default: 24)',
    ),
    new Option('--apart-name <name>', 'what the conversation of messages without addressee is called'),
  ],
  entryKinds: [...SPLIT_KINDS, mergeKind],
  async *steps(context, given) {
    const options = await toSplitOptions(context, given);
    let sealedAtMs: number | undefined;
    for await (const chat of findMixed(context)) {
      if (isSealed(chat)) continue;
      yield {
        lines: [
          `conversation ${chat._id.toHexString()} (${chat.participants.join(', ')}): ended, nothing is written there any more`,
        ],
        counts: { mixedChats: 1 },
        apply: async (journal) => {
          await sealChat(context, chat, journal);
          sealedAtMs = performance.now();
          return undefined;
        },
      };
    }
    const duplicates = { found: false };
    const onDuplicates = () => {
      duplicates.found = true;
    };
    for await (const chat of findMixed(context)) {
      yield* splitSteps(context, { chat, options, sealedAt: () => sealedAtMs, onDuplicates });
    }
    // Whoever had a right chat besides gets one of the two.
    if (duplicates.found) yield* mergeSteps(context);
  },
});

async function toSplitOptions(context: TaskContext, given: z.infer<typeof schema>): Promise<SplitOptions> {
  return {
    hubs: new Set(given.hub),
    decided: given.decisions === undefined ? new Map() : await readDecisions(context.pathOf(given.decisions)),
    onlyProven: given.onlyProven,
    answerWithinMs: given.answerWithinHours * HOUR_MS,
    apartName: given.apartName,
  };
}

async function readDecisions(path: string): Promise<Map<string, string>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    return new Map(Object.entries(decisionsFile.parse(parsed)));
  } catch (error) {
    const reason = error instanceof z.ZodError ? (error.issues[0]?.message ?? '') : String(error);
    throw new CannotRun(`The decisions in ${path} cannot be read: ${reason}. Nothing was changed.`);
  }
}

interface SplitWork {
  chat: StoredChat;
  options: SplitOptions;
  sealedAt: () => number | undefined;
  onDuplicates: () => void;
}

async function* splitSteps(
  context: TaskContext,
  { chat, options, sealedAt, onDuplicates }: SplitWork,
): AsyncGenerator<Step | Finding> {
  const id = chat._id.toHexString();
  const { log, attributions } = await attributeChat(context, chat, options);
  if (log.placeless > 0) {
    yield {
      problem: `conversation ${id}: ${log.placeless} messages have no place in its log (import-legacy brings them over); it is not split`,
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
      if (duplicates.length > 0) onDuplicates();
      return counts;
    },
  };
  yield* doubts(log, attributions, id);
}

const lineOf = (one: Attribution, messageId: string): string =>
  `message ${messageId} (${one.place}, of ${one.senderId}) → ${
    one.to === undefined
      ? `nobody but ${one.senderId}: ${DOUBTS[one.doubt]}`
      : `${one.to}: ${BECAUSE[one.because]}`
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
      problem: `message ${messageId} (${one.place}, of ${one.senderId}) in ${conversationId}: ${DOUBTS[one.doubt]}; it is kept for its sender alone`,
      details: { conversationId, messageId, seq: one.place, senderId: one.senderId, doubt: one.doubt },
    };
  }
}
