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

/** Returns the members who joined after an entry. Whether they may see it is only in their documents: they may have been absent. */
export const joinedAfter = ({ members }: Pick<Membership, 'members'>, seq: number): UserId[] =>
  [...members].filter(([, facts]) => facts.joinedSeq > seq).map(([userId]) => userId);

const NO_ABSENCES: ReadonlyMap<number, ReadonlySet<UserId>> = new Map();

/**
 * Returns, per `seq`, the members who may not see its message because they were absent. Costs a query only where
 * members have left, where members see messages from before they joined, and where their documents are not known.
 *
 * @param known the documents of all members, older or newer than the membership. A member whose document is older than their
 *   joining counts as absent.
 */
export async function findAbsentAt(
  members: Pick<MemberModel, 'findAbsent'>,
  membership: Membership,
  { seqs, known }: { seqs: readonly number[]; known?: ReadonlyMap<UserId, MemberRecord> | undefined },
): Promise<ReadonlyMap<number, ReadonlySet<UserId>>> {
  const { conversationId, type, history, removalSeq } = membership;
  if (type === 'direct' || history !== 'all' || removalSeq === 0 || seqs.length === 0) return NO_ABSENCES;
  if (known !== undefined)
    return new Map(seqs.map((seq) => [seq, new Set(absentByDocuments(membership, seq, known))]));
  const range = { fromSeq: Math.min(...seqs), toSeq: Math.max(...seqs) };
  const absent = await members.findAbsent(conversationId, range);
  return new Map(
    seqs.map((seq) => [
      seq,
      new Set(absent.filter((one) => isAbsentAt(one.absences, seq)).map(({ userId }) => userId)),
    ]),
  );
}

const absentByDocuments = (
  membership: Membership,
  seq: number,
  known: ReadonlyMap<UserId, Pick<MemberRecord, 'joinedSeq' | 'absences'>>,
): UserId[] =>
  joinedAfter(membership, seq).filter((userId) => {
    const own = known.get(userId);
    const joinedSeq = membership.members.get(userId)?.joinedSeq ?? 0;
    return own === undefined || own.joinedSeq < joinedSeq || isAbsentAt(own.absences, seq);
  });
