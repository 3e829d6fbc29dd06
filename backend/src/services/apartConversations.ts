import type { ConversationId, UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { Lookups } from './lookups.js';

/**
 * A user's large groups and channels: few (`LIMITS.maxApart`), and found through their own documents, as the
 * conversations keep no list of members. Beside what is found by the lists.
 */
export class ApartConversations {
  readonly #lookups: Pick<Lookups, 'apart' | 'conversations'>;

  constructor(lookups: Pick<Lookups, 'apart' | 'conversations'>) {
    this.#lookups = lookups;
  }

  async idsOf(userId: UserId): Promise<ConversationId[]> {
    return (await this.#lookups.apart.load([userId])).map(({ conversationId }) => conversationId);
  }

  /**
   * Reads what is found by lists of members, and what is not.
   *
   * A group that grows beyond the small ones gets its flag first and loses its list then; one that shrinks gets the
   * list first and loses the flag then. So flags are read before the lists and once more behind them: a group on its
   * way, in whichever direction, is in one of the three.
   *
   * @param before the flags, where they are read already.
   */
  async beside<Found>(
    userId: UserId,
    read: () => Promise<Found>,
    before?: readonly ConversationId[],
  ): Promise<{ found: Found; apart: ConversationRecord[] }> {
    const early = before ?? (await this.idsOf(userId));
    const found = await read();
    const late = await this.idsOf(userId);
    const apart = await this.#lookups.conversations.load([...new Set([...early, ...late])]);
    return { found, apart };
  }
}
