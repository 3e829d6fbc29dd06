import mongoose from 'mongoose';
import type { ConversationId, MessageId } from '../../../contract/index.js';

export type ObjectId = mongoose.Types.ObjectId;

/** Creates a stored ObjectId from its hex form. Above `models/`, ids are hex strings. */
export const objectId = (hex: string): ObjectId => mongoose.Types.ObjectId.createFromHexString(hex);

export const conversationIdOf = (id: ObjectId): ConversationId => id.toHexString() as ConversationId;
export const messageIdOf = (id: ObjectId): MessageId => id.toHexString() as MessageId;

/** Generates an id. Its first four bytes are the time, and ids of one process increase. */
export const newConversationId = (): ConversationId => conversationIdOf(new mongoose.Types.ObjectId());
export const newMessageId = (): MessageId => messageIdOf(new mongoose.Types.ObjectId());

/** Smallest id of this time, in whole seconds. */
export const firstIdAt = (timeMs: number): string =>
  mongoose.Types.ObjectId.createFromTime(Math.max(0, Math.floor(timeMs / 1_000))).toHexString();

/** Creation time of an id, in ms; precise to the second. */
export const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8), 16) * 1_000;

/** Entries that are older than their id by this, in ms, are copies that a merge has made: nothing has happened. */
const MIN_COPY_AGE_MS = 600_000;

/** True for a copy that a merge has made of an entry. */
export const isCopyOf = (id: string, at: Date): boolean => timeOfId(id) - at.getTime() >= MIN_COPY_AGE_MS;

/** Smallest id after this one. */
export const idAfter = (id: string): string => (BigInt(`0x${id}`) + 1n).toString(16).padStart(24, '0');
