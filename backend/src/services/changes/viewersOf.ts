import { SYSTEM_USER_ID, type UserId } from '../../../../contract/index.js';
import { SYSTEM_FACTS, visibleFrom } from '../membership/index.js';
import type { Viewer, Visibility } from '../visibility/index.js';
import type { QueuedChange } from './change.js';
import type { OpenedLedger } from './readLedger.js';

/** Returns the authors of changes as viewers of the messages that they change. Users who are no members are left out. */
export async function viewersOf(
  visibility: Pick<Visibility, 'viewerOf'>,
  { logState: { membership, facts }, own }: OpenedLedger,
  inFlight: readonly QueuedChange[],
): Promise<ReadonlyMap<UserId, Viewer>> {
  const userIds = new Set(inFlight.map(({ draft }) => draft.by));
  const viewers = await Promise.all(
    [...userIds].map(async (userId): Promise<[UserId, Viewer][]> => {
      const known = userId === SYSTEM_USER_ID ? SYSTEM_FACTS : facts.get(userId);
      if (known === undefined) return [];
      const seqs = inFlight.flatMap(({ draft }) => (draft.by === userId ? [draft.seq] : []));
      const memberAccess = { membership, facts: known, visibleFromSeq: visibleFrom(membership, known) };
      const part = { seqs, known: { own: own.get(userId) } };
      return [[userId, await visibility.viewerOf(userId, memberAccess, part)]];
    }),
  );
  return new Map(viewers.flat());
}
