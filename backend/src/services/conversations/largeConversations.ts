import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { Lookups } from '../runtime/index.js';

/**
 * Finds a user's large groups and channels, of which there are few (`LIMITS.maxLarge`). Their documents hold no list of
 * members, so they are found through the user's own member documents.
 */
export class LargeConversations {
  readonly #lookups: Pick<Lookups, 'largeGroups' | 'conversations'>;

  constructor(lookups: Pick<Lookups, 'largeGroups' | 'conversations'>) {
    this.#lookups = lookups;
  }

  async idsOf(userId: UserId): Promise<ConversationId[]> {
    return (await this.#lookups.largeGroups.load([userId])).map(({ conversationId }) => conversationId);
  }

  /**
   * Runs a read that finds conversations by their list of members, and adds the user's large groups and channels.
   *
   * A group that becomes large is marked as large before its list of members is removed. A group that becomes small
   * gets its list before the mark is removed. The large ids are therefore read before and after the lists: a group
   * that changes meanwhile is found by at least one of the three reads.
   *
   * @param options.before large ids, if they were read before.
   * @param options.also returns further conversations to load together with the large ones.
   */
  async withLarge<Found>(
    userId: UserId,
    read: () => Promise<Found>,
    options: {
      before?: readonly ConversationId[] | undefined;
      also?: (found: Found) => readonly ConversationId[];
    } = {},
  ): Promise<{ found: Found; large: ConversationRecord[] }> {
    const idsBefore = options.before ?? (await this.idsOf(userId));
    const found = await read();
    const idsAfter = await this.idsOf(userId);
    const also = options.also?.(found) ?? [];
    const large = await this.#lookups.conversations.load([...new Set([...idsBefore, ...idsAfter, ...also])]);
    return { found, large };
  }
}
