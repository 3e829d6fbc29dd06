import type { UserId } from '../../../../contract/index.js';
import type { Absence } from '../../models/memberDocument.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import { changeOf, type MembershipEvent, type Membership } from './membership.js';

/** Absences kept per member. More are joined into one, from the first to the last of them. */
export const MAX_ABSENCES = 50;

/** True when a member was absent at this `seq`. */
export const isAbsentAt = (absences: readonly Absence[] | undefined, seq: number): boolean =>
  absences?.some(({ fromSeq, toSeq }) => fromSeq <= seq && seq <= toSeq) ?? false;

/** True for members who leave a channel themselves. That is no absence: anybody may read a channel. */
export const isFreeLeave = (type: Membership['type'], { action }: Pick<MembershipEvent, 'action'>): boolean =>
  type === 'channel' && action.type === 'left';

/**
 * Returns the absences of the users who join by these entries. They follow from the members' documents, which may be
 * behind the log, and from the entries, which must be in the order of the log.
 */
export function absencesAfter(
  type: Membership['type'],
  entries: readonly MembershipEvent[],
  stored: readonly Pick<MemberRecord, 'userId' | 'leftSeq' | 'leftFreely' | 'absences'>[],
): Map<UserId, Absence[]> {
  const leftAt = new Map<UserId, number>();
  const absences = new Map<UserId, Absence[]>();
  for (const { userId, leftSeq, leftFreely, absences: known = [] } of stored) {
    if (leftSeq !== undefined && leftFreely !== true) leftAt.set(userId, leftSeq);
    absences.set(userId, [...known]);
  }
  for (const entry of entries) {
    const { joined, gone } = changeOf(entry);
    for (const userId of gone) if (!isFreeLeave(type, entry)) leftAt.set(userId, entry.seq);
    for (const userId of joined) {
      const absence = { fromSeq: (leftAt.get(userId) ?? entry.seq) + 1, toSeq: entry.seq - 1 };
      leftAt.delete(userId);
      const known = absences.get(userId) ?? [];
      if (absence.fromSeq <= absence.toSeq && !known.some(({ fromSeq }) => fromSeq === absence.fromSeq)) {
        absences.set(userId, bounded([...known, absence]));
      }
    }
  }
  return new Map([...absences].filter(([, known]) => known.length > 0));
}

function bounded(absences: Absence[]): Absence[] {
  if (absences.length <= MAX_ABSENCES) return absences;
  const fromSeq = Math.min(...absences.map((one) => one.fromSeq));
  return [{ fromSeq, toSeq: Math.max(...absences.map((one) => one.toSeq)) }];
}

const NO_ABSENCES: ReadonlyMap<number, ReadonlySet<UserId>> = new Map();

/**
 * Returns, per `seq`, the members who may not see its message because they were absent. Costs a query only where
 * members have left and where members see messages from before they joined.
 */
export async function findAbsentAt(
  members: Pick<MemberModel, 'findAbsent'>,
  { conversationId, type, history, removalSeq }: Membership,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, ReadonlySet<UserId>>> {
  if (type === 'direct' || history !== 'all' || removalSeq === 0 || seqs.length === 0) return NO_ABSENCES;
  const range = { fromSeq: Math.min(...seqs), toSeq: Math.max(...seqs) };
  const absent = await members.findAbsent(conversationId, range);
  return new Map(
    seqs.map((seq) => [
      seq,
      new Set(absent.filter((one) => isAbsentAt(one.absences, seq)).map(({ userId }) => userId)),
    ]),
  );
}
