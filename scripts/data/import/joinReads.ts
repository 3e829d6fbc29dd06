import type { Stored } from '../frame/stored.js';
import type { Finding } from '../frame/task.js';
import { Stopped } from '../frame/taskErrors.js';
import type { StageParts } from './stageParts.js';
import { unreadable } from './unreadable.js';

const PAGE = 500;

/**
 * Joins read rows that name a message and its reader but no conversation. For each reader of each conversation it
 * stages one row with the time of the newest message read.
 */
export async function* joinReads({ staging, context }: StageParts): AsyncGenerator<Finding> {
  let page: Stored[] = [];
  for await (const row of staging.all('messageRead')) {
    if (context.isStopping()) throw new Stopped();
    page.push(row);
    if (page.length < PAGE) continue;
    yield* joinPage(staging, page);
    page = [];
  }
  yield* joinPage(staging, page);
}

async function* joinPage(staging: StageParts['staging'], page: readonly Stored[]): AsyncGenerator<Finding> {
  const found = await staging.messagesById(page.map((row) => String(row['message'])));
  const reads: { chat: string; person: string; readAt: Date }[] = [];
  for (const row of page) {
    const [id, person] = [String(row['message']), String(row['person'])];
    const [message, another] = found.get(id) ?? [];
    const where = `read of message ${id} by ${person}`;
    if (message === undefined) yield unreadable(where, 'the message does not exist');
    else if (another !== undefined) {
      yield unreadable(where, 'several conversations have a message with this id');
    } else reads.push({ chat: message.chat, person, readAt: message.at });
  }
  await staging.advanceReads(reads);
}
