import { createHash, randomBytes } from 'node:crypto';
import type { TicketModel } from '../../models/ticketModel.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { Principal } from './tokens.js';

/** Time within which a ticket has to be used, in ms. */
const LIFE_MS = 30_000;
const TICKET_BYTES = 32;

const idOf = (ticket: string): string => createHash('sha256').update(ticket).digest('hex');

/**
 * Tickets for event streams, each valid once and on every process. Browsers' `EventSource` can authenticate by the address
 * only, and addresses are written to logs: a ticket found there is worth nothing.
 */
export class StreamTickets {
  constructor(readonly deps: { tickets: Pick<TicketModel, 'insert' | 'take'>; time: DatabaseTime }) {}

  async issue(principal: Principal): Promise<{ ticket: string; expiresAt: string }> {
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    const expiresAt = new Date(this.deps.time.now().getTime() + LIFE_MS);
    const { userId, issuedAtMs, expiresAtMs, name, avatar, roles } = principal;
    await this.deps.tickets.insert({
      _id: idOf(ticket),
      userId,
      issuedAt: new Date(issuedAtMs),
      tokenExpiresAt: new Date(expiresAtMs),
      ...(name !== undefined && { name }),
      ...(avatar !== undefined && { avatar }),
      ...(roles !== undefined && { roles }),
      expiresAt,
    });
    return { ticket, expiresAt: expiresAt.toISOString() };
  }

  /** Uses a ticket. Returns the user that it was issued to; undefined for a used, outdated or unknown one. */
  async redeem(ticket: string): Promise<Principal | undefined> {
    const found = await this.deps.tickets.take(idOf(ticket));
    if (found === undefined || found.expiresAt <= this.deps.time.now()) return undefined;
    const { userId, issuedAt, tokenExpiresAt, name, avatar, roles } = found;
    return {
      userId,
      issuedAtMs: issuedAt.getTime(),
      expiresAtMs: tokenExpiresAt.getTime(),
      name,
      avatar,
      roles,
    };
  }
}
