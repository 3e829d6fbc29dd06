import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import { createDeferred, type Deferred } from '../../utils/deferred.js';
import type { Lookups } from '../runtime/index.js';

type LargeLookups = Pick<Lookups, 'largeGroups' | 'conversations'>;

/**
 * Finds a user's large groups and channels, of which there are few (`LIMITS.maxLarge`). Their documents hold no list of
 * members, so they are found through the user's own member documents.
 */
export class LargeConversations {
  constructor(readonly lookups: LargeLookups) {}

  /** Begins a command that reads conversations of a user, by one list or several at once. */
  of(userId: UserId): LargeRead {
    return new LargeRead(this.lookups, userId);
  }
}

/**
 * The large groups and channels of a user during one command.
 *
 * A group that becomes large is marked as large before its list of members is removed. A group that becomes small
 * gets its list before the mark is removed. The large ids are therefore read before and after the lists: a group
 * that changes meanwhile is found by at least one of the three reads. Lists that are read at the same time share both.
 */
export class LargeRead {
  readonly #lookups: LargeLookups;
  readonly #userId: UserId;
  #before: Promise<ConversationId[]> | undefined;
  #after: Deferred<ConversationId[]> = createDeferred();
  /** Number of lists that are being read. */
  #reading = 0;

  constructor(lookups: LargeLookups, userId: UserId) {
    this.#lookups = lookups;
    this.#userId = userId;
  }

  /** Reads the large ids, unless that was done. */
  begin(): Promise<ConversationId[]> {
    this.#before ??= this.#readIds();
    return this.#before;
  }

  /**
   * Runs a read that finds conversations by their list of members, and adds the large groups and channels.
   *
   * @param also returns further conversations to load together with the large ones.
   */
  async withLarge<Found>(
    read: () => Promise<Found>,
    also: (found: Found) => readonly ConversationId[] = () => [],
  ): Promise<{ found: Found; large: ConversationRecord[] }> {
    this.#reading += 1;
    const { promise: reading } = this.#after;
    const [idsBefore, found] = await this.#readList(read).finally(() => this.#endRead());
    const ids = new Set([...idsBefore, ...(await reading), ...also(found)]);
    return { found, large: await this.#lookups.conversations.load([...ids]) };
  }

  async #readList<Found>(read: () => Promise<Found>): Promise<[ConversationId[], Found]> {
    const idsBefore = await this.begin();
    return [idsBefore, await read()];
  }

  /** After the last of the lists, the ids are read again for all of them. */
  #endRead(): void {
    this.#reading -= 1;
    if (this.#reading > 0) return;
    // Lists that could not be read do not wait for it.
    this.#after.promise.catch(() => undefined);
    this.#after.resolve(this.#readIds());
    this.#after = createDeferred();
  }

  async #readIds(): Promise<ConversationId[]> {
    const found = await this.#lookups.largeGroups.load([this.#userId]);
    return found.map(({ conversationId }) => conversationId);
  }
}
