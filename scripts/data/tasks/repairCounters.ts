import { z } from 'zod';
import { isDerivable } from '../../../backend/src/models/verify/derivable.js';
import { showCommand } from '../../../backend/src/models/verify/remedy.js';
import { setFields, canonical } from '../frame/changes.js';
import { scanPages } from '../frame/scan.js';
import type { Stored } from '../frame/stored.js';
import { defineTask, type Finding, type Note, type Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';
import { numberOf, type ObjectId } from '../merge/stored.js';
import { describeHelp } from './help.js';
import { readLog, type LogRepair } from './readLog.js';
import { membersOf, toMemberSteps } from './repairMembers.js';

const PAGE = 100;

/** Returns the fields of `wanted` that differ. `undefined` in `wanted` removes a field. */
const differing = (document: Stored, wanted: Stored): Stored =>
  Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => canonical(document[name]) !== canonical(value)),
  );

const withoutUndefined = (fields: Stored): Stored =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * Yields the corrections of one conversation, its messages and its members, and findings about its log.
 *
 * @param conversation read before its log, so that the log is at least as new.
 */
export async function* repairSteps(
  context: TaskContext,
  conversation: Stored,
): AsyncGenerator<Step | Finding | Note> {
  const id = String(conversation['_id']);
  let log = await readLog(context, conversation);
  yield* messageSteps(log);
  // One pass lists a limited number of repairs. In a dry run a second pass would find the same ones.
  while (log.isCut && !context.isTrial) {
    if (context.isStopping()) throw new Stopped();
    yield { note: true, counts: {} };
    log = await readLog(context, conversation);
    yield* messageSteps(log);
  }
  if (log.holes > 0) {
    yield {
      problem: `conversation ${id}: its log lacks ${log.holes} seqs; a log is never renumbered${describeHelp(showCommand(id))}`,
      details: { conversationId: id, issue: 'hole', ...showCommand(id) },
      counts: { holes: log.holes },
    };
  }
  const members = await membersOf(context, { conversation, log });
  yield* toMemberSteps(context, { conversation, members, log });
  const wanted = withoutUndefined({ ...summaryOf(conversation, log), ...members.fields });
  const changed = differing(conversation, wanted);
  if (Object.keys(changed).length === 0) return;
  yield {
    lines: [
      `conversation ${id}: ${Object.keys(changed)
        .map((name) => `${name} ${describe(conversation[name])} → ${describe(changed[name])}`)
        .join(', ')}`,
    ],
    counts: { conversationsRepaired: 1 },
    changes: [setFields('conversations', conversation, changed)],
  };
}

function* messageSteps({ repairs }: LogRepair): Generator<Step> {
  for (const { message, fields } of repairs) {
    yield {
      lines: [
        `message ${String(message['_id'])}: ${Object.keys(fields).join(', ')} recomputed from its position in the log`,
      ],
      counts: { messagesRepaired: 1 },
      changes: [setFields('messages', message, fields)],
    };
  }
}

const describe = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

/**
 * Returns the summary derived from the log. `maybeUnread` is a superset of the unread members, so no member is removed
 * from it.
 */
function summaryOf(conversation: Stored, log: LogRepair): Stored {
  const { participants, maybeUnread, createdAt } = conversation;
  const people = Array.isArray(participants) ? (participants as string[]) : [];
  const isDirect = conversation['type'] === undefined || conversation['type'] === 'direct';
  const noted = Array.isArray(maybeUnread) ? (maybeUnread as string[]) : [];
  const mayHave = people.filter((userId) => (log.unreadBehind.get(userId) ?? 0) > 0);
  const missing = mayHave.filter((userId) => !noted.includes(userId));
  const last = log.last;
  return {
    lastSeq: log.lastSeq,
    messageCount: log.counted,
    ...(last !== undefined && {
      tail: { seq: log.lastSeq, id: last['_id'] as unknown, control: log.lastControl },
    }),
    ...(log.shown !== undefined && {
      shown: { seq: log.shown['seq'] as unknown, id: log.shown['_id'] as unknown },
      lastMessageAt: (log.shown['createdAt'] ?? createdAt) as unknown,
    }),
    // Only raised: a value that is too high costs an extra query but never changes a count.
    ...(log.lastDeletedSeq > numberOf(conversation['lastDeletedSeq']) && {
      lastDeletedSeq: log.lastDeletedSeq,
    }),
    ...(isDirect && {
      lastSent: people.map((userId) => log.sent.get(userId)?.seq ?? 0),
      lastSentN: people.map((userId) => log.sent.get(userId)?.n ?? 0),
    }),
    ...(isDirect && log.quiet.size > 0 && { lastQuiet: quietOf(people, log) }),
    ...(missing.length > 0 && { maybeUnread: [...noted, ...missing] }),
  };
}

const quietOf = (people: readonly string[], { quiet }: LogRepair): Stored =>
  Object.fromEntries(
    people.flatMap((userId, index) => {
      const sent = quiet.get(userId);
      return sent === undefined ? [] : [[String(index), sent]];
    }),
  );

export const repairCounters = defineTask({
  name: 'repair-counters',
  summary: 'recomputes lastSeq, counts, summaries, positions and members from the logs',
  help:
    'Compares everything that is derived from the messages with the messages, and sets what differs. Gaps in a log are\n' +
    'reported but stay: a log is never renumbered.',
  kind: 'change',
  schema: z.object({}),
  async *steps(context) {
    const conversations = context.collection('conversations');
    context.progress.total(await conversations.estimatedDocumentCount(), 'conversations');
    for await (const page of scanPages(conversations, { batch: PAGE })) {
      for (const { _id } of page as { _id: ObjectId }[]) {
        if (context.isStopping()) throw new Stopped();
        // Read before its log: the log can then only be newer. A write that races with a server is detected.
        const conversation = await conversations.findOne({ _id }, { readPreference: 'primary' });
        context.progress.advance();
        if (conversation !== null && isDerivable(conversation)) yield* repairSteps(context, conversation);
      }
    }
  },
});
