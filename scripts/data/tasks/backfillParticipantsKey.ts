import { z } from 'zod';
import { hasEnded } from '../../../backend/src/models/verify/derivable.js';
import { TASK } from '../../../backend/src/models/verify/remedy.js';
import { setFields } from '../frame/changes.js';
import { scanPages } from '../frame/scan.js';
import type { Stored } from '../frame/stored.js';
import { defineTask, type Finding, type Note, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { describeHelp } from './help.js';
import { keyOf } from './pairs.js';

const PAIR_FIELDS = {
  type: 1,
  participants: 1,
  participantsKey: 1,
  mergedInto: 1,
  quarantinedKey: 1,
} as const;
/** Yielded after each page, so that its steps are written before the next page is read. */
const FLUSH: Note = { note: true, counts: {} };

/** Returns the current holder of each key. Uses the index on the key; without it, one collection scan per page. */
async function holdersOf(context: TaskContext, keys: readonly string[]): Promise<Map<string, Stored>> {
  if (keys.length === 0) return new Map();
  const found = await context
    .collection('conversations')
    .find({ participantsKey: { $in: [...keys] } }, { projection: PAIR_FIELDS })
    .toArray();
  return new Map(found.map((holder) => [String(holder['participantsKey']), holder]));
}

/** True when the conversation holds a key that differs from its pair's key, or holds one although it is not a pair. */
const isWrong = (conversation: Stored): boolean =>
  !hasEnded(conversation) &&
  conversation['participantsKey'] !== undefined &&
  conversation['participantsKey'] !== keyOf(conversation);

/**
 * Corrects wrong keys. Runs before missing keys are set, because another pair may need a wrongly held key. The correct
 * key is set when it is free. The key of a conversation that is not a pair is kept as `quarantinedKey`, as the server
 * does.
 */
async function* wrongKeySteps(context: TaskContext, page: readonly Stored[]): AsyncGenerator<Step> {
  const wrong = page.filter(isWrong);
  const taken = await holdersOf(
    context,
    wrong.flatMap((one) => keyOf(one) ?? []),
  );
  for (const conversation of wrong) {
    const id = String(conversation['_id']);
    const own = conversation['participantsKey'] as unknown;
    const key = keyOf(conversation);
    const isFree = key !== undefined && !taken.has(key);
    if (isFree) taken.set(key, conversation);
    const fields = isFree
      ? { participantsKey: key }
      : { participantsKey: undefined, ...(key === undefined && { quarantinedKey: own }) };
    yield {
      lines: [
        isFree
          ? `conversation ${id}: participantsKey ${key}`
          : `conversation ${id}: ${JSON.stringify(own)} is not its key and is removed`,
      ],
      counts: isFree ? { keysSet: 1 } : { keysRemoved: 1 },
      changes: [setFields('conversations', conversation, fields)],
    };
  }
}

async function* missingKeySteps(
  context: TaskContext,
  page: readonly Stored[],
): AsyncGenerator<Step | Finding> {
  const lacking = page.flatMap((conversation) => {
    const key = keyOf(conversation);
    return key === undefined || conversation['participantsKey'] !== undefined ? [] : [{ conversation, key }];
  });
  const taken = await holdersOf(
    context,
    lacking.map(({ key }) => key),
  );
  for (const { conversation, key } of lacking) {
    const id = String(conversation['_id']);
    const holder = taken.get(key);
    // After a merge one of the old documents keeps the key and redirects to this conversation.
    if (String(holder?.['mergedInto']) === id) continue;
    // In a dry run the wrong keys have not been corrected yet.
    if (holder !== undefined && !(context.isTrial && isWrong(holder))) {
      yield {
        problem: `conversation ${id}: another one holds the key ${key}${describeHelp(TASK.merge)}`,
        details: { conversationId: id, participantsKey: key, ...TASK.merge },
        counts: { duplicates: 1 },
      };
      continue;
    }
    taken.set(key, conversation);
    yield {
      lines: [`conversation ${id}: participantsKey ${key}`],
      counts: { keysSet: 1 },
      changes: [setFields('conversations', conversation, { participantsKey: key })],
    };
  }
}

export const backfillParticipantsKey = defineTask({
  name: 'backfill-participants-key',
  summary: 'gives one-to-one conversations the key of their pair',
  help: `If a pair has several conversations, the oldest gets the key; the others are listed, for cleanup-duplicate-chats. A key
that does not belong to its conversation is removed.`,
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const conversations = context.collection('conversations');
    context.progress.total(2 * (await conversations.estimatedDocumentCount()));
    for (const stepsOf of [wrongKeySteps, missingKeySteps]) {
      for await (const page of scanPages(conversations, { projection: PAIR_FIELDS })) {
        yield* stepsOf(context, page);
        context.progress.advance(page.length);
        yield FLUSH;
      }
    }
  },
});
