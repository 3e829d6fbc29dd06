import type { ConversationRecord, ListPosition } from '../models/conversationModel.js';

/** The order of a list: by the newest message. */
export const newestFirst = (a: ConversationRecord, b: ConversationRecord): number =>
  b.lastMessageAt.getTime() - a.lastMessageAt.getTime() || (b._id < a._id ? -1 : 1);

export const isBelow = (one: ConversationRecord, place: ListPosition | undefined): boolean =>
  place === undefined ||
  one.lastMessageAt < place.lastMessageAt ||
  (one.lastMessageAt.getTime() === place.lastMessageAt.getTime() && one._id < place._id);
