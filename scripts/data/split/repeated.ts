import type mongoose from 'mongoose';
import { participantsKey, sortPair } from '../../../backend/src/utils/participantsKey.js';
import { setFields } from '../frame/changes.js';
import { scanPages } from '../frame/scan.js';
import type { Stored } from '../frame/stored.js';
import type { Step } from '../frame/task.js';
import type { TaskContext } from '../frame/taskContext.js';
import { Stopped } from '../frame/taskErrors.js';

type ObjectId = mongoose.Types.ObjectId;

const FIELDS = { type: 1, participants: 1, mergedInto: 1 } as const;

/** Returns the two users of a chat that names one of them more than once. */
function repeatedPair({ type, participants, mergedInto }: Stored): [string, string] | undefined {
  if ((type !== undefined && type !== 'direct') || mergedInto !== undefined) return undefined;
  if (!Array.isArray(participants) || participants.length < 3) return undefined;
  const people = new Set(participants as unknown[]);
  const [a, b] = [...people];
  return people.size === 2 && typeof a === 'string' && typeof b === 'string' ? sortPair(a, b) : undefined;
}

/**
 * Returns the field `name`, a list parallel to `participants`, reduced to the highest value of each of the pair.
 * Returns no field when the document has no such list.
 */
function aligned(document: Stored, name: string, pair: readonly string[]): Stored {
  const list: unknown = document[name];
  const people = document['participants'] as string[];
  if (!Array.isArray(list)) return {};
  const numbers = (list as unknown[]).map((one) => (typeof one === 'number' ? one : 0));
  const highest = (userId: string): number =>
    Math.max(0, ...people.map((one, index) => (one === userId ? (numbers[index] ?? 0) : 0)));
  return { [name]: pair.map(highest) };
}

/**
 * Yields corrections for chats of two that name a user twice. The server does not show such a chat, and may have
 * created another one for the pair meanwhile.
 *
 * @param onDuplicate called when the pair has another conversation, which must be merged.
 */
export async function* repeatedSteps(
  context: TaskContext,
  { only, onDuplicate }: { only: ReadonlySet<string>; onDuplicate: () => void },
): AsyncGenerator<Step> {
  const conversations = context.collection('conversations');
  for await (const page of scanPages(conversations, { projection: FIELDS })) {
    if (context.isStopping()) throw new Stopped();
    for (const one of page) {
      const _id = one['_id'] as ObjectId;
      if (repeatedPair(one) === undefined || (only.size > 0 && !only.has(_id.toHexString()))) continue;
      // The whole document is read: `undo` needs the order of its fields to restore a removed one.
      const document = await conversations.findOne({ _id });
      const pair = document === null ? undefined : repeatedPair(document);
      if (document === null || pair === undefined) continue;
      const key = participantsKey(...pair);
      const [holder, other] = await Promise.all([
        conversations.findOne({ participantsKey: key }, { projection: { _id: 1 } }),
        conversations.findOne(
          { _id: { $ne: _id }, participants: { $all: pair, $size: 2 }, mergedInto: { $exists: false } },
          { projection: { _id: 1 } },
        ),
      ]);
      if (other !== null) onDuplicate();
      const isFree = holder === null && document['participantsKey'] === undefined;
      yield {
        lines: [
          `conversation ${_id.toHexString()} (${(document['participants'] as string[]).join(', ')}): is of ${pair.join(' and ')}, named once each`,
        ],
        counts: { repetitionsRemoved: 1 },
        changes: [
          setFields('conversations', document, {
            participants: pair,
            memberCount: 2,
            ...aligned(document, 'lastSent', pair),
            ...aligned(document, 'lastSentN', pair),
            ...(isFree && { participantsKey: key }),
            ...(document['quarantinedKey'] === key && { quarantinedKey: undefined }),
          }),
        ],
      };
    }
  }
}
