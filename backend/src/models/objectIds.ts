import mongoose from 'mongoose';
import type { ConversationId, MessageId } from '../../../contract/index.js';

export type ObjectId = mongoose.Types.ObjectId;

/** A stored ObjectId from its hex digits. Above `models/` ids are strings. */
export const objectId = (hex: string): ObjectId => mongoose.Types.ObjectId.createFromHexString(hex);

export const conversationIdOf = (id: ObjectId): ConversationId => id.toHexString() as ConversationId;
export const messageIdOf = (id: ObjectId): MessageId => id.toHexString() as MessageId;

/** A new id; its first four bytes are the time, so that ids made later in a process sort later. */
export const newConversationId = (): ConversationId => conversationIdOf(new mongoose.Types.ObjectId());
export const newMessageId = (): MessageId => messageIdOf(new mongoose.Types.ObjectId());

/** The smallest id that could have been made at this time (second exact). */
export const firstIdAt = (timeMs: number): string =>
  mongoose.Types.ObjectId.createFromTime(Math.max(0, Math.floor(timeMs / 1_000))).toHexString();

/** When an id was made, in ms (second exact). */
export const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8), 16) * 1_000;
