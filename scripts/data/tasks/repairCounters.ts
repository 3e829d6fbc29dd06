import { z } from 'zod';
import { setFields, canonical } from '../frame/changes.js';
import { scanPages } from '../frame/scan.js';
import {
  defineTask,
  Stopped,
  type Finding,
  type Step,
  type Stored,
  type TaskContext,
} from '../frame/task.js';
import type { ObjectId } from '../merge/stored.js';
import { readLog, type LogRepair } from './readLog.js';
import { membersOf, toMemberSteps } from './repairMembers.js';

const PAGE = 100;

/** Whether a document can be derived from its log at all: what is moved, or about to be, is left alone. */
const isDerivable = ({ type, mergedInto, participants, memberCount }: Stored): boolean =>
  mergedInto === undefined &&
  ['direct', 'group', 'channel', undefined].includes(type as string | undefined) &&
  !(type === 'direct' && Array.isArray(participants) && participants.length === 0 && memberCount === 0);

/** Only what differs; `undefined` in `wanted` takes a field away. */
const differing = (document: Stored, wanted: Stored): Stored =>
  Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => canonical(document[name]) !== canonical(value)),
  );

const withoutUndefined = (fields: Stored): Stored =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

async function* stepsOf(context: TaskContext, conversation: Stored): AsyncGenerator<Step | Finding> {
  const id = String(conversation['_id']);
  const log = await readLog(context, conversation);
  for (const { message, fields } of log.repairs) {
    yield {
      lines: [
        `message ${String(message['_id'])}: ${Object.keys(fields).join(', ')} from its place in the log`,
      ],
      counts: { messagesRepaired: 1 },
      changes: [setFields('messages', message, fields)],
    };
  }
  if (log.holes > 0) {
    yield {
      problem: `conversation ${id}: ${log.holes} places are missing in its log, which is never renumbered`,
      details: { conversationId: id, issue: 'hole' },
      counts: { holes: log.holes },
    };
  }
  const members = membersOf({ conversation, log });
  yield* toMemberSteps(context, { conversation, members, log });
  const wanted = withoutUndefined({ ...summaryOf(conversation, log), ...members.fields });
  const off = differing(conversation, wanted);
  if (Object.keys(off).length === 0) return;
  yield {
    lines: [
      `conversation ${id}: ${Object.keys(off)
        .map((name) => `${name} ${describe(conversation[name])} → ${describe(off[name])}`)
        .join(', ')}`,
    ],
    counts: { conversationsRepaired: 1 },
    changes: [setFields('conversations', conversation, off)],
  };
}

const describe = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

/** What the log says; the list of unread is a superset, so nobody is taken out of it. */
function summaryOf(conversation: Stored, log: LogRepair): Stored {
  const { participants, maybeUnread, createdAt } = conversation;
  const people = Array.isArray(participants) ? (participants as string[]) : [];
  const isDirect = conversation['type'] === undefined || conversation['type'] === 'direct';
  const noted = Array.isArray(maybeUnread) ? (maybeUnread as string[]) : [];
  const mayHave = people.filter((userId) => (log.unreadBehind.get(userId) ?? 0) > 0);
  const missing = mayHave.filter((userId) => !noted.includes(userId));
  const last = log.last;
  return {
    ...{ lastSeq: log.lastSeq, messageCount: log.counted },
    ...(last !== undefined && {
      tail: { seq: log.lastSeq, id: last['_id'] as unknown, control: log.lastControl },
    }),
    ...(log.shown !== undefined && {
      shown: { seq: log.shown['seq'] as unknown, id: log.shown['_id'] as unknown },
      lastMessageAt: (log.shown['createdAt'] ?? createdAt) as unknown,
    }),
    ...(isDirect && {
      lastSent: people.map((userId) => log.sent.get(userId)?.seq ?? 0),
      lastSentN: people.map((userId) => log.sent.get(userId)?.n ?? 0),
    }),
    ...(missing.length > 0 && { maybeUnread: [...noted, ...missing] }),
  };
}

export const repairCounters = defineTask({
  name: 'repair-counters',
  summary: 'derives lastSeq, counts, summaries, positions and members again from the logs',
  help:
    'The messages are the truth: what follows from them is compared and set where it differs. Holes in a log are\n' +
    'reported, and stay: a log is never renumbered.',
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const conversations = context.collection('conversations');
    context.progress.total(await conversations.estimatedDocumentCount(), 'conversations');
    for await (const page of scanPages(conversations, { batch: PAGE })) {
      for (const { _id } of page as { _id: ObjectId }[]) {
        if (context.isStopping()) throw new Stopped();
        // Read now, and before its log: the log can then only hold more, and that is seen when it is written.
        const conversation = await conversations.findOne({ _id }, { readPreference: 'primary' });
        context.progress.advance();
        if (conversation !== null && isDerivable(conversation)) yield* stepsOf(context, conversation);
      }
    }
  },
});
