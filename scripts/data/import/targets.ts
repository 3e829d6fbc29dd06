import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import { readOwn } from '../../../backend/src/utils/readOwn.js';
import type { Stored } from '../frame/stored.js';
import type { Finding } from '../frame/task.js';
import { CannotRun, Stopped } from '../frame/taskErrors.js';
import { People } from './people.js';
import type { StageParts } from './stageParts.js';
import type { Staging } from './staging.js';
import { unreadable } from './unreadable.js';

const MAX_EXAMPLES = 5;

type Parts = Pick<StageParts, 'mapping' | 'staging' | 'context' | 'tally'>;

/** Determines the target of each old conversation. Runs after all rows that name its participants are staged. */
export async function* setTargets({ mapping, staging, context, tally }: Parts): AsyncGenerator<Finding> {
  const people = new People(mapping, staging);
  const untyped: string[] = [];
  for await (const row of staging.all('conversation')) {
    if (context.isStopping()) throw new Stopped();
    const chat = String(row['chat']);
    const target = await targetOf({ mapping, staging, people }, row);
    if ('problem' in target) {
      yield unreadable(`conversation ${chat}`, target.problem);
      continue;
    }
    const { isGuessed, ...fields } = target;
    if (isGuessed) tally.note(fields.type === 'direct' ? 'guessedDirect' : 'guessedGroup', chat);
    if (isGuessed && fields.type === 'group') untyped.push(chat);
    await staging.rows.updateOne({ _id: row['_id'] as never }, { $set: fields });
    for (const id of fields.people) await staging.add('user', id, { id, names: [] });
  }
  if (mapping.directOfOthers === 'split') requireTypes(untyped);
  // Users that are already staged are ignored.
  await staging.flush();
}

/**
 * Rejects guesses for `split`: a chat of three without a type may be a real group or a damaged chat of two. @throws
 * CannotRun.
 */
function requireTypes(untyped: readonly string[]): void {
  if (untyped.length === 0) return;
  const examples = untyped.slice(0, MAX_EXAMPLES).join(', ');
  throw new CannotRun(
    `directOfOthers is "split", but ${untyped.length} conversations with other than two people have no type, and may be groups (${examples}${untyped.length > MAX_EXAMPLES ? ' …' : ''}). ` +
      'Set conversations.type in the mapping: the field that contains it, or "direct" if all of them are chats of two. Nothing was imported.',
  );
}

interface TargetFields {
  target: string;
  type: string;
  people: string[];
  isGuessed: boolean;
}

async function targetOf(
  { mapping, staging, people }: Pick<Parts, 'mapping' | 'staging'> & { people: People },
  row: Stored,
): Promise<{ problem: string } | TargetFields> {
  const chat = String(row['chat']);
  const listed = (await staging.of('participant', chat)).map((one) => String(one['person']));
  const raw = [...(readOwn(row, ['raw']) as string[]), ...listed];
  const found = raw.length > 0 ? await people.all(raw) : await people.fromId(chat);
  if (!Array.isArray(found)) return found;
  const members = [...new Set(found)];
  const said = row['said'] as string | undefined;
  const byCount = members.length === 2 ? 'direct' : 'group';
  const type = said === undefined || said === 'byParticipants' ? byCount : said;
  const isGuessed = said === undefined;
  if (members.length === 0) return { problem: 'has no participants' };
  const [a, b] = members;
  if (type === 'group') return { target: `group ${chat}`, type, people: members, isGuessed };
  if (a !== undefined && b !== undefined && members.length === 2) {
    return { target: `direct ${participantsKey(a, b)}`, type, people: members, isGuessed };
  }
  const { directOfOthers } = mapping;
  if (directOfOthers !== 'report') {
    return { target: `${directOfOthers} ${chat}`, type: directOfOthers, people: members, isGuessed };
  }
  return {
    problem: `is a chat of two with ${members.length} people in it (directOfOthers decides how it is imported)`,
  };
}

/** Yields findings for messages whose conversation does not exist or could not be read. */
export async function* findOrphans(staging: Staging): AsyncGenerator<Finding> {
  for await (const { chat, count } of staging.countByChat()) {
    const conversation = await staging.get('conversation', chat);
    if (conversation?.['target'] !== undefined) continue;
    const what = conversation === null ? 'that does not exist' : 'that could not be read';
    yield {
      problem: `conversation ${chat}: ${count} messages belong to a conversation ${what}`,
      details: { conversation: chat, messages: count },
      counts: { withoutConversation: count },
    };
  }
}
