import { LRUCache } from 'lru-cache';
import { userId, type UserId } from '../../../contract/index.js';
import type { ImportMapping } from './mapping.js';
import type { Staging } from './staging.js';

type Found = UserId | { problem: string };
const MAX_KNOWN = 20_000;

/** Resolves user references of the old system (ids or names) to user ids. */
export class People {
  readonly #known = new LRUCache<string, { found: Found }>({ max: MAX_KNOWN });

  constructor(
    readonly mapping: ImportMapping,
    readonly staging: Staging,
  ) {}

  async find(reference: string): Promise<Found> {
    const known = this.#known.get(reference);
    if (known !== undefined) return known.found;
    const found = await this.#lookUp(reference);
    this.#known.set(reference, { found });
    return found;
  }

  /** Resolves all references, or returns the first problem. */
  async all(reference: readonly string[]): Promise<UserId[] | { problem: string }> {
    const users: UserId[] = [];
    for (const one of reference) {
      const found = await this.find(one);
      if (typeof found === 'object') return found;
      users.push(found);
    }
    return users;
  }

  /** Splits the id of a chat into two user ids of the old system, if this is possible in exactly one way. */
  async fromId(chat: string): Promise<UserId[] | { problem: string }> {
    const { prefix, separator } = this.mapping.directIds;
    if (!chat.startsWith(prefix)) return { problem: 'has no participants' };
    const parts = chat.slice(prefix.length).split(separator);
    const cuts = parts
      .slice(1)
      .map((_, index) => [parts.slice(0, index + 1).join(separator), parts.slice(index + 1).join(separator)]);
    const pairs: UserId[][] = [];
    for (const cut of cuts) {
      const known = await Promise.all(cut.map((id) => this.staging.get('user', id)));
      if (known.every((one) => one !== null)) pairs.push(cut as UserId[]);
    }
    const [pair, another] = pairs;
    if (pair === undefined) return { problem: 'does not name two existing users' };
    if (another !== undefined)
      return { problem: 'is ambiguous: its id can be split into two users in more than one way' };
    return pair;
  }

  async #lookUp(reference: string): Promise<Found> {
    if (this.mapping.people === 'name') {
      const [user, another] = await this.staging.findNamed(reference);
      if (user === undefined) return { problem: `names an unknown user (${reference})` };
      if (another !== undefined)
        return { problem: `names a user by a name that two users have (${reference})` };
      return String(user['id']) as UserId;
    }
    const parsed = userId.safeParse(reference);
    return parsed.success ? parsed.data : { problem: 'names a user whose id is not valid' };
  }
}
