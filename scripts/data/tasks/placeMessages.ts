import { Option } from 'commander';
import { z } from 'zod';
import { createModels } from '../../../backend/src/models/index.js';
import { findRepeated, wantedIndexes } from '../../../backend/src/models/indexObstacles.js';
import { COMMITTED } from '../../../backend/src/models/committed.js';
import { isDuplicateKey } from '../../../backend/src/models/insertMany.js';
import { isDerivable, isHalfSplit, hasEnded } from '../../../backend/src/models/verify/derivable.js';
import { showCommand } from '../../../backend/src/models/verify/remedy.js';
import { findMemberIds, isSenderMember, WITHOUT_SEQ } from '../../../backend/src/models/verify/placeless.js';
import { setFields } from '../frame/changes.js';
import { indexesOf, toFieldsEntry } from '../frame/entryKinds.js';
import type { JournalWriter } from '../frame/journal.js';
import { scan } from '../frame/scan.js';
import type { Stored } from '../frame/stored.js';
import { defineTask, type Finding, type Note, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';
import { findTail, FROM_PRIMARY, type ObjectId } from '../merge/stored.js';
import { describeHelp } from './help.js';
import { repairSteps } from './repairCounters.js';

/** Filter for messages that lack a field which servers require: `seq` or `clientMessageId`. */
const LACKING: { $or: Stored[] } = {
  $or: [WITHOUT_SEQ, { clientMessageId: { $not: { $type: 'string' } } }],
};
const BY_SEQ = 'conversationId_1_seq_1';
const BY_CLIENT_ID = 'conversationId_1_senderId_1_clientMessageId_1';
/** Groups of repeated values repaired in one run. A second run finds the rest. */
const MAX_GROUPS = 10_000;

const timeOf = ({ _id, createdAt }: Stored): Date =>
  createdAt instanceof Date ? createdAt : (_id as ObjectId).getTimestamp();
const isPlaced = ({ seq }: Stored): boolean => typeof seq === 'number' && seq >= 1;

/** Returns messages that repeat a unique value of an older message. Empty when the unique index exists. */
async function findLater(context: TaskContext, name: string): Promise<Map<string, ObjectId>> {
  const messages = context.collection('messages');
  if ((await indexesOf(context, 'messages')).some((index) => index.name === name)) return new Map();
  const { model } = createModels(context.connection).messages;
  const wanted = wantedIndexes(model).find((index) => index.name === name);
  const groups = wanted === undefined ? [] : await findRepeated(messages, wanted, MAX_GROUPS);
  return new Map(
    groups.flatMap(({ values: [conversationId], ids }) =>
      ids
        .map(String)
        .sort()
        .slice(1)
        .map((id) => [id, conversationId as ObjectId] as const),
    ),
  );
}

interface Damage {
  /** Conversations with a message to repair, by id. */
  conversations: Map<string, ObjectId>;
  /** Ids of messages whose `seq` an older message has, and of messages whose `clientMessageId` an older message has. */
  displaced: ReadonlySet<string>;
  renamed: ReadonlySet<string>;
}

async function findDamage(context: TaskContext): Promise<Damage> {
  const displaced = await findLater(context, BY_SEQ);
  const renamed = await findLater(context, BY_CLIENT_ID);
  const messages = context.collection('messages');
  const conversations = new Map([...displaced.values(), ...renamed.values()].map((id) => [String(id), id]));
  context.progress.total(await messages.estimatedDocumentCount(), 'messages');
  for await (const { conversationId } of scan(messages, {
    filter: LACKING,
    projection: { conversationId: 1 },
  })) {
    if (context.isStopping()) throw new Stopped();
    conversations.set(String(conversationId), conversationId as ObjectId);
  }
  return { conversations, displaced: new Set(displaced.keys()), renamed: new Set(renamed.keys()) };
}

/** Returns the messages of a conversation that need repair, ordered by time. */
async function findMessages(
  context: TaskContext,
  conversationId: ObjectId,
  { displaced, renamed }: Damage,
): Promise<Stored[]> {
  const isOfLacking = displaced.size + renamed.size === 0;
  const filter = isOfLacking ? { conversationId, ...LACKING } : { conversationId };
  const found: Stored[] = [];
  const cursor = context.collection('messages').find(filter, { ...FROM_PRIMARY, batchSize: 1_000 });
  for await (const message of cursor) {
    const id = String(message._id);
    const isLacking = !isPlaced(message) || typeof message['clientMessageId'] !== 'string';
    if (isLacking || displaced.has(id) || renamed.has(id)) found.push(message);
  }
  return found.sort(
    (a, b) => timeOf(a).getTime() - timeOf(b).getTime() || (String(a['_id']) < String(b['_id']) ? -1 : 1),
  );
}

/** Returns the reason why a message cannot get a `seq`, as the end of a sentence; undefined when it can. */
function refusalOf(
  conversation: Stored | null,
  { senderId }: Stored,
  { memberIds, takesStrangers }: { memberIds: ReadonlySet<string>; takesStrangers: boolean },
): string | undefined {
  if (conversation === null) return 'belongs to no conversation';
  if (hasEnded(conversation) && !isHalfSplit(conversation))
    return 'belongs to a merged or split conversation';
  if (typeof senderId !== 'string') return 'has no sender';
  if (takesStrangers || isSenderMember(conversation, senderId, memberIds)) return undefined;
  return `is from ${senderId}, who was never a member (--strangers assigns a seq anyway)`;
}

/**
 * Returns only fields that are missing or duplicated. A message keeps its `seq` unless an older message has the same.
 */
function fieldsFor(message: Stored, { displaced, renamed }: Damage, tail: Tail): Stored {
  const id = String(message['_id']);
  const moves = !isPlaced(message) || displaced.has(id);
  const keepsId = typeof message['clientMessageId'] === 'string' && !renamed.has(id);
  const missing = { payloadHash: '', kind: 'text', content: '', createdAt: timeOf(message) };
  return {
    ...(moves && {
      seq: tail.seq + 1,
      n: tail.n + (message['shadow'] === true ? 0 : 1),
      control: tail.control,
    }),
    ...(!keepsId && { clientMessageId: `placed:${id}` }),
    ...Object.fromEntries(Object.entries(missing).filter(([name]) => message[name] === undefined)),
  };
}

type Tail = Awaited<ReturnType<typeof findTail>>;

interface Placing {
  context: TaskContext;
  conversationId: ObjectId;
  damage: Damage;
  journal: JournalWriter;
}

/** Assigns the next `seq` of the log to one message, like a server: after a lost race it reads the tail again. */
async function placeOne(
  { context, conversationId, damage, journal }: Placing,
  message: Stored,
): Promise<void> {
  const messages = context.collection('messages');
  for (;;) {
    const tail = await findTail(messages, conversationId);
    const change = setFields('messages', message, fieldsFor(message, damage, tail));
    await journal.write([toFieldsEntry(change)]);
    try {
      await messages.updateOne(
        {
          _id: message['_id'] as ObjectId,
          seq: (message['seq'] as number | undefined) ?? { $exists: false },
        },
        { $set: change.after },
        { writeConcern: COMMITTED },
      );
      return;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

interface Work {
  damage: Damage;
  takesStrangers: boolean;
}

async function* conversationSteps(
  context: TaskContext,
  conversationId: ObjectId,
  { damage, takesStrangers }: Work,
): AsyncGenerator<Step | Finding | Note> {
  const conversations = context.collection('conversations');
  const conversation = await conversations.findOne({ _id: conversationId }, FROM_PRIMARY);
  const id = String(conversationId);
  const found = await findMessages(context, conversationId, damage);
  const placed: Stored[] = [];
  const senders = new Set(found.flatMap(({ senderId }) => (typeof senderId === 'string' ? [senderId] : [])));
  const members = { members: context.collection('members') };
  const memberIds = await findMemberIds(members, conversationId, [...senders]);
  for (const message of found) {
    const refusal = refusalOf(conversation, message, { memberIds, takesStrangers });
    if (refusal === undefined) {
      placed.push(message);
      continue;
    }
    const messageId = String(message['_id']);
    yield {
      problem: `message ${messageId} of conversation ${id} ${refusal}${describeHelp(showCommand(messageId))}`,
      details: { messageId, conversationId: id, ...showCommand(messageId) },
      counts: { notPlaced: 1 },
    };
  }
  if (placed.length === 0) return;
  yield {
    lines: placed.map(
      (message) => `message ${String(message['_id'])} of ${id}: gets the next seq and a clientMessageId`,
    ),
    counts: { messagesPlaced: placed.length },
    apply: async (journal) => {
      for (const message of placed) {
        if (context.isStopping()) throw new Stopped();
        await placeOne({ context, conversationId, damage, journal }, message);
      }
      await conversations.updateOne({ _id: conversationId }, { $currentDate: { changedAt: true } });
      return undefined;
    },
  };
  const after = await conversations.findOne({ _id: conversationId }, FROM_PRIMARY);
  if (after !== null && isDerivable(after)) yield* repairSteps(context, after);
}

export const placeMessages = defineTask({
  name: 'place-messages',
  summary: 'assigns a seq to messages that have none',
  help: `An old program that writes directly to the database stores messages without a seq: nobody sees them, and they prevent the
unique indexes of the messages. This task appends them to the log of their conversation, ordered by time. They keep the
time at which they were sent. Stop the old program first.`,
  kind: 'change',
  schema: z.object({ strangers: z.boolean().default(false) }),
  options: [
    new Option(
      '--strangers',
      'include messages of senders who were never members: all members will see them',
    ),
  ],
  async *steps(context, { strangers }) {
    const damage = await findDamage(context);
    context.progress.total(damage.conversations.size, 'conversations');
    for (const conversationId of damage.conversations.values()) {
      yield* conversationSteps(context, conversationId, { damage, takesStrangers: strangers });
      context.progress.advance();
    }
  },
});
