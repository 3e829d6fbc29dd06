import type { Finding } from '../frame/task.js';
import { Stopped } from '../frame/taskErrors.js';
import { joinReads } from './joinReads.js';
import {
  readConversation,
  readMessage,
  readMessageOf,
  readMessageRead,
  readParticipant,
  readPosition,
  readUser,
  type Read,
  type Reading,
} from './readRows.js';
import { readField, toId } from './source.js';
import type { Kind } from './staging.js';
import type { StageParts } from './stageParts.js';
import { setTargets } from './targets.js';
import { unreadable } from './unreadable.js';

/** Reads the whole old system into the staging collection. Yields a finding for every row that cannot be read. */
export async function* stageAll(parts: StageParts): AsyncGenerator<Finding> {
  const { mapping, staging, context, tally } = parts;
  const { users, conversations, participants, messages, reads } = mapping;
  await staging.open();
  context.progress.total(0, 'reading');
  if (users !== undefined) yield* stage(parts, { kind: 'user', rowSource: users, read: readUser });
  yield* stage(parts, { kind: 'conversation', rowSource: conversations, read: readConversation });
  if (participants !== undefined) {
    yield* stage(parts, { kind: 'participant', rowSource: participants, read: readParticipant });
  }
  if (conversations.messages !== undefined) yield* stageEmbedded(parts);
  else yield* stage(parts, { kind: 'message', rowSource: messages, read: readMessage });
  if (reads?.conversation !== undefined) {
    yield* stage(parts, { kind: 'read', rowSource: reads, read: readPosition });
  } else if (reads !== undefined) {
    yield* stage(parts, { kind: 'messageRead', rowSource: reads, read: readMessageRead });
    yield* joinReads(parts);
  }
  yield* setTargets(parts);
  yield* tally.findings();
}

interface Rows {
  kind: Kind;
  rowSource: { collection?: string | undefined; file?: string | undefined };
  read: (reading: Reading, row: unknown) => Read;
}

async function* stage(parts: StageParts, { kind, rowSource, read }: Rows): AsyncGenerator<Finding> {
  const { mapping, times } = parts;
  for await (const { at, row, problem } of parts.source.rows(rowSource)) {
    const result = problem === undefined ? read({ mapping, times, at }, row) : { problem };
    yield* stageRead(parts, { kind, at }, result);
  }
  yield* twice(await parts.staging.flush());
}

async function* stageRead(
  { staging, context }: StageParts,
  { kind, at }: { kind: Kind; at: string },
  read: Read,
): AsyncGenerator<Finding> {
  if (context.isStopping()) throw new Stopped();
  context.progress.advance();
  if ('problem' in read) {
    yield unreadable(at, read.problem);
    return;
  }
  if (read.remark !== undefined) yield incomplete(at, read.remark);
  yield* twice(await staging.add(kind, read.key, read.row));
}

const incomplete = (at: string, remark: string): Finding => ({
  problem: `${at}: ${remark}; the rest is imported`,
  details: { row: at, reason: remark },
  counts: { incomplete: 1 },
});

function* twice(keys: readonly string[]): Generator<Finding> {
  for (const key of keys) yield unreadable(key, 'exists twice; the first one is used');
}

async function* stageEmbedded(parts: StageParts): AsyncGenerator<Finding> {
  const { mapping, source, times } = parts;
  const { conversations } = mapping;
  for await (const { at, row } of source.rows(conversations)) {
    const chat = toId(readField(row, conversations.id));
    const list = readField(row, conversations.messages);
    if (chat === undefined || list === undefined || list === null) continue;
    if (!Array.isArray(list)) {
      yield unreadable(at, `${conversations.messages ?? ''} is not a list`);
      continue;
    }
    for (const [index, message] of list.entries()) {
      const where = { kind: 'message' as const, at: `${at}, message ${index + 1}` };
      yield* stageRead(parts, where, readMessageOf({ mapping, times, at: where.at }, chat, message));
    }
  }
  yield* twice(await parts.staging.flush());
}
