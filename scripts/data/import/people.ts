import { LRUCache } from 'lru-cache';
import { userId, type UserId } from '../../../contract/index.js';
import type { ImportMapping } from './mapping.js';
import type { Staging } from './staging.js';

type Found = UserId | { problem: string };
const MAX_KNOWN = 20_000;

/** Who is meant where the older system says somebody. */
export class People {
  readonly #known = new LRUCache<string, { found: Found }>({ max: MAX_KNOWN });

  constructor(
    readonly mapping: ImportMapping,
    readonly staging: Staging,
  ) {}

  async find(said: string): Promise<Found> {
    const known = this.#known.get(said);
    if (known !== undefined) return known.found;
    const found = await this.#lookUp(said);
    this.#known.set(said, { found });
    return found;
  }

  /** All of them, or why one is nobody. */
  async all(said: readonly string[]): Promise<UserId[] | { problem: string }> {
    const users: UserId[] = [];
    for (const one of said) {
      const found = await this.find(one);
      if (typeof found === 'object') return found;
      users.push(found);
    }
    return users;
  }

  /** The two whom the id of a chat names, if it can be cut in one way into users of the older system. */
  async fromId(chat: string): Promise<UserId[] | { problem: string }> {
    const { prefix, separator } = this.mapping.directIds;
    if (!chat.startsWith(prefix)) return { problem: 'has nobody in it' };
    const parts = chat.slice(prefix.length).split(separator);
    const cuts = parts
      .slice(1)
      .map((_, place) => [parts.slice(0, place + 1).join(separator), parts.slice(place + 1).join(separator)]);
    const pairs: UserId[][] = [];
    for (const cut of cuts) {
      const known = await Promise.all(cut.map((id) => this.staging.get('user', id)));
      if (known.every((one) => one !== null)) pairs.push(cut as UserId[]);
    }
    const [pair, another] = pairs;
    if (pair === undefined) return { problem: 'names no two users that there are' };
    if (another !== undefined)
      return { problem: 'can be read as two chats: its id can be cut in more than one way' };
    return pair;
  }

  async #lookUp(said: string): Promise<Found> {
    if (this.mapping.people === 'name') {
      const [user, another] = await this.staging.findNamed(said);
      if (user === undefined) return { problem: `names somebody who is no user (${said})` };
      if (another !== undefined) return { problem: `names somebody whose name two users have (${said})` };
      return String(user['id']) as UserId;
    }
    const parsed = userId.safeParse(said);
    return parsed.success ? parsed.data : { problem: 'names somebody whose id cannot be one' };
  }
}
