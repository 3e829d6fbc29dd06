import { z } from 'zod';
import { setFields } from '../frame/changes.js';
import { scanPages } from '../frame/scan.js';
import { defineTask, type Finding, type Step, type Stored, type TaskContext } from '../frame/task.js';
import { keyOf } from './pairs.js';

const PAIR_FIELDS = { type: 1, participants: 1, participantsKey: 1, mergedInto: 1 } as const;

/** Who holds each of these keys already: an index where there is one, and one scan per page where there is none. */
async function holdersOf(context: TaskContext, keys: readonly string[]): Promise<Map<string, Stored>> {
  const found = await context
    .collection('conversations')
    .find({ participantsKey: { $in: [...keys] } }, { projection: PAIR_FIELDS })
    .toArray();
  return new Map(found.map((holder) => [String(holder['participantsKey']), holder]));
}

async function* stepsOf(context: TaskContext, page: readonly Stored[]): AsyncGenerator<Step | Finding> {
  const lacking = page.flatMap((conversation) => {
    const key = keyOf(conversation);
    return key === undefined || conversation['participantsKey'] === key ? [] : [{ conversation, key }];
  });
  if (lacking.length === 0) return;
  const taken = await holdersOf(
    context,
    lacking.map(({ key }) => key),
  );
  for (const { conversation, key } of lacking) {
    const id = String(conversation['_id']);
    const holder = taken.get(key);
    // After a merge one of the old documents keeps the key, and leads here.
    if (String(holder?.['mergedInto']) === id) continue;
    if (holder !== undefined) {
      yield {
        problem: `conversation ${id}: another one holds the key ${key}; cleanup-duplicate-chats merges them`,
        details: { conversationId: id, participantsKey: key },
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
  help: 'Of several for one pair the oldest gets it; the others are listed, for cleanup-duplicate-chats.',
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const conversations = context.collection('conversations');
    context.progress.total(await conversations.estimatedDocumentCount());
    for await (const page of scanPages(conversations, { projection: PAIR_FIELDS })) {
      yield* stepsOf(context, page);
      context.progress.advance(page.length);
      // What is set is written before the next page asks who holds a key: the other one of a pair may be there.
      yield { note: true, counts: {} };
    }
  },
});
