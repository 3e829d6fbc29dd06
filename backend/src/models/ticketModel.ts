import mongoose from 'mongoose';
import type { UserId } from '../../../contract/index.js';

/**
 * A ticket for one event stream: stands for a token where a token would have to be written into an address.
 *
 * `{ _id: 'sha256 of the ticket', userId: 'alice', issuedAt: Date, tokenExpiresAt: Date, roles: [], expiresAt: Date }`
 *
 * Invariants: the ticket itself is not stored. It is removed when it is used; the database removes those that were never used.
 */
interface TicketDocument {
  _id: string;
  userId: string;
  /** `iat` and `exp` of the token that the ticket was issued for. */
  issuedAt: Date;
  tokenExpiresAt: Date;
  name?: string;
  avatar?: string;
  roles?: readonly string[];
  expiresAt: Date;
}

export interface TicketRecord extends Omit<TicketDocument, 'userId'> {
  userId: UserId;
}

const schema = new mongoose.Schema<TicketDocument>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    issuedAt: { type: Date, required: true },
    tokenExpiresAt: { type: Date, required: true },
    name: String,
    avatar: String,
    roles: { type: [String], default: undefined },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'tickets', versionKey: false },
);
/** Removal of tickets that were never used. */
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export function createTicketModel(connection: mongoose.Connection) {
  const model = connection.model('Ticket', schema);
  const collection = connection.collection<TicketDocument>('tickets');
  return {
    model,

    async insert(ticket: TicketRecord): Promise<void> {
      await collection.insertOne({ ...ticket });
    },

    /** Removes a ticket and returns it. Undefined when there is none: it was used, or has never existed. */
    async take(id: string): Promise<TicketRecord | undefined> {
      const found = await collection.findOneAndDelete({ _id: id });
      return found === null ? undefined : { ...found, userId: found.userId as UserId };
    },
  };
}

export type TicketModel = ReturnType<typeof createTicketModel>;
