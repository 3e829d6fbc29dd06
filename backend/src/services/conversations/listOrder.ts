import type { MemberRecord } from '../../models/memberModel.js';
import type { ListPosition } from '../../models/conversationModel.js';

/** Sorts by newest message, newest first; for equal times by id, descending. */
export const newestFirst = (a: ListPosition, b: ListPosition): number =>
  b.lastMessageAt.getTime() - a.lastMessageAt.getTime() || (b._id < a._id ? -1 : 1);

/** True when a conversation comes after a position of the list. */
export const isBelow = (one: ListPosition, position: ListPosition | undefined): boolean =>
  position === undefined ||
  one.lastMessageAt < position.lastMessageAt ||
  (one.lastMessageAt.getTime() === position.lastMessageAt.getTime() && one._id < position._id);

export const positionOf = ({ lastMessageAt, _id }: ListPosition): ListPosition => ({ lastMessageAt, _id });

/** Position among a user's conversations sorted by the time of their last change. */
export interface ChangePosition {
  changedAt: Date;
  _id: string;
}

/** Sorts by time of change, oldest first; for equal times by id, as the index does. */
export const byChange = (a: ChangePosition, b: ChangePosition): number =>
  a.changedAt.getTime() - b.changedAt.getTime() || (a._id < b._id ? -1 : a._id === b._id ? 0 : 1);

/** Sorts as the index of pins does. */
export const newestPinFirst = (a: MemberRecord, b: MemberRecord): number =>
  (b.pinnedAt?.getTime() ?? 0) - (a.pinnedAt?.getTime() ?? 0) ||
  (b.conversationId < a.conversationId ? -1 : 1);
