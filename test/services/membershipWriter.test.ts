import fc from 'fast-check';
import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { RANK_LEFT } from '../../backend/src/models/memberDocument.js';
import { emptyMembership, fold, MembershipWriter } from '../../backend/src/services/membership/index.js';
import type { MembershipEvent } from '../../backend/src/services/membership/membership.js';
import { DatabaseTime, WriteWatermark } from '../../backend/src/services/runtime/index.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { conversationId, userId, type Action } from '../../contract/index.js';
import { rawCollection } from '../contract/support/database.js';
import { sharedServer } from '../contract/support/sharedServer.js';

const server = sharedServer();
const RUNS = 60;
const OWNER = userId.parse('owner');
const USERS = [userId.parse('ann'), userId.parse('ben')] as const;

/** A change of one user, and the entries since the one before it. Some have a different effect inside and outside. */
interface Turn {
  who: 0 | 1;
  how: 'byOthers' | 'themselves' | 'promoted' | 'demoted';
  messagesBefore: number;
  isLastOfBatch: boolean;
}

const turns = fc.array(
  fc.record<Turn>({
    who: fc.constantFrom(0, 1),
    how: fc.constantFrom('byOthers', 'themselves', 'promoted', 'demoted'),
    messagesBefore: fc.nat(2),
    isLastOfBatch: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Returns the membership events of these turns in batches. Turns that change nothing are left out. */
function toBatches(given: readonly Turn[]): MembershipEvent[][] {
  const isIn = new Set<string>();
  const members = [{ userId: OWNER, role: 'owner' as const }];
  const created = { type: 'created' as const, members, name: 'Friends', history: 'all' as const, open: true };
  const batches: MembershipEvent[][] = [[{ seq: 1, n: 0, senderId: OWNER, action: created }]];
  let [seq, n] = [1, 0];
  for (const { who, how, messagesBefore, isLastOfBatch } of given) {
    const user = USERS[who];
    const action = actionOf(user, how, isIn.has(user));
    if (action === undefined) continue;
    n += messagesBefore;
    seq += messagesBefore + 1;
    batches.at(-1)?.push({ seq, n, senderId: how === 'themselves' ? user : OWNER, action });
    if (action.type === 'added' || action.type === 'joined') isIn.add(user);
    else if (action.type !== 'role') isIn.delete(user);
    if (isLastOfBatch) batches.push([]);
  }
  return batches.filter((batch) => batch.length > 0);
}

function actionOf(user: (typeof USERS)[number], how: Turn['how'], isMember: boolean): Action | undefined {
  if (how === 'promoted' || how === 'demoted') {
    const role = how === 'promoted' ? ('admin' as const) : ('member' as const);
    return isMember ? { type: 'role', userId: user, role } : undefined;
  }
  if (how === 'themselves') return isMember ? { type: 'left' } : { type: 'joined' };
  return isMember ? { type: 'removed', userIds: [user] } : { type: 'added', userIds: [user] };
}

/**
 * Writes the events batch by batch. Members pin the conversation after the events with a `seq` in `pinAfter`.
 *
 * @returns the documents of all members, without the fields that differ between any two runs.
 */
async function written(
  type: 'group' | 'channel',
  { batches, pinAfter }: { batches: readonly MembershipEvent[][]; pinAfter: ReadonlySet<number> },
) {
  const { models } = server().app;
  const id = conversationId.parse(new mongoose.mongo.ObjectId().toHexString());
  const members = rawCollection(server(), 'members');
  const where = { conversationId: new mongoose.mongo.ObjectId(id) };
  const watermark = new WriteWatermark(new DatabaseTime());
  const writer = new MembershipWriter({
    ...models,
    watermark,
    logger: createLogger({ level: 'warn', pretty: false }),
  });
  let before = { ...emptyMembership(id), type };
  for (const entries of batches) {
    const after = entries.reduce(fold, before);
    writer.note({ before, entries, after });
    await writer.drain();
    if (pinAfter.has(after.control)) {
      await members.updateMany({ ...where, rank: { $lt: RANK_LEFT } }, { $set: { pinnedAt: new Date(0) } });
    }
    before = { ...after, type };
  }
  const stored = await members.find(where).sort({ userId: 1 }).toArray();
  return stored.map(({ _id, conversationId: _of, changedAt: _at, ...rest }) => rest);
}

test.each(['group', 'channel'] as const)(
  'the documents of the members of a %s depend on its membership events, not on how many of them are written at once',
  async (type) => {
    await fc.assert(
      fc.asyncProperty(turns, async (given) => {
        const batches = toBatches(given);
        const oneByOne = batches.flat().map((entry) => [entry]);
        // Not after the last batch: a pin that leaving did not remove would not be noticed.
        const pinAfter = new Set(batches.slice(0, -1).flatMap((batch) => batch.at(-1)?.seq ?? []));
        expect(await written(type, { batches, pinAfter })).toEqual(
          await written(type, { batches: oneByOne, pinAfter }),
        );
      }),
      { numRuns: RUNS },
    );
  },
);
