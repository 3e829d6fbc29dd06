import { LRUCache } from 'lru-cache';
import type { UserId, UserView } from '../../../contract/index.js';
import type { Profile, UserModel, UserRecord } from '../models/userModel.js';
import { AppError, unavailable } from '../utils/appError.js';
import { monotonicMs } from '../utils/clock.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { TickBatcher } from '../utils/tickBatcher.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Principal } from './tokens.js';

interface DirectoryParts {
  users: UserModel;
  time: DatabaseTime;
  logger: Logger;
  metrics: Pick<Metrics, 'revocationSeconds'>;
  /** A user's earlier tokens are void from now on: ends their sessions. @returns whether there were any here. */
  onRevoked: (userId: UserId, validFromMs: number) => boolean;
  /** A user was changed here: the other processes may want to know before their next poll. */
  onChanged: () => void;
}

const MAX_KNOWN = 100_000;
const POLL_MS = 400;
/** What is known may be this old, no older: revocation acts within a second, on every process. */
const FRESH_MS = 900;
/** Changes become visible a little after their time; asking again for these last ms misses none. */
const POLL_OVERLAP_MS = 3_000;

/**
 * Names, pictures and token validity of users, for every event and every message, without a query for each.
 * One query twice a second brings what changed in the database, whoever changed it. After a pause of the process
 * nothing known counts until that query has been answered again.
 */
export class UserDirectory {
  readonly #parts: DirectoryParts;
  /** `undefined` in an entry: there is no such user. */
  readonly #known = new LRUCache<UserId, { user: UserRecord | undefined }>({ max: MAX_KNOWN });
  #freshUntilMs = 0;
  #polledThroughMs = 0;
  #refreshing: Promise<void> | undefined;
  readonly #loading = new TickBatcher<UserId>((ids) => this.#load(ids));
  readonly #inserting = new TickBatcher<Principal>((newcomers) => this.#insert(newcomers));
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    this.#polledThroughMs = this.#parts.time.nowMs();
    await this.#refresh();
    this.#timer = setInterval(() => void this.refresh().catch(() => undefined), POLL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  isFresh(): boolean {
    return monotonicMs() < this.#freshUntilMs;
  }

  /** Asks what changed. @throws AppError `UNAVAILABLE` while the database is away. */
  async refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    try {
      await this.#refreshing;
    } catch (error) {
      throw unavailable('The database cannot be asked whether this token is still valid.', error);
    }
  }

  /** Public profiles; a user nobody has heard of has an id only. */
  async views(ids: Iterable<UserId>): Promise<Map<UserId, UserView>> {
    const wanted = [...new Set(ids)];
    if (!this.isFresh()) await this.refresh();
    const missing = wanted.filter((id) => !this.#known.has(id));
    if (missing.length > 0) await this.#loading.add(missing);
    return new Map(wanted.map((id) => [id, this.#view(id)]));
  }

  /** The profile as far as it is known, without waiting: for what goes out live. */
  knownView(id: UserId): UserView {
    return this.#view(id);
  }

  async find(id: UserId): Promise<UserRecord | undefined> {
    await this.views([id]);
    return this.#known.get(id)?.user;
  }

  /**
   * Checks that a token was not revoked nor its user banned, with what is known; `welcome` has made it known.
   *
   * @throws AppError `UNAUTHENTICATED`, `FORBIDDEN` (banned).
   */
  requireNotRevoked(principal: Principal): void {
    const user = this.#known.get(principal.userId)?.user;
    if (user?.bannedAt !== undefined) throw new AppError('FORBIDDEN', 'This user is banned.');
    if (principal.issuedAtMs < validFrom(user)) {
      throw new AppError('UNAUTHENTICATED', 'The token was revoked.');
    }
  }

  /** Makes sure that the user of a token is known here and in the database. @throws `UNAUTHENTICATED` if revoked. */
  async welcome(principal: Principal): Promise<void> {
    if ((await this.find(principal.userId)) === undefined) {
      await this.#inserting.add([principal]);
    }
    this.requireNotRevoked(principal);
  }

  async updateProfile(userId: UserId, profile: Profile): Promise<UserView> {
    this.#learn(await this.#parts.users.updateProfile(userId, profile));
    this.#parts.onChanged();
    return this.#view(userId);
  }

  /** Voids every token issued until now. Tokens count whole seconds, so the next second is the first valid one. */
  async revokeTokens(userId: UserId): Promise<Date> {
    const validFrom = new Date(Math.ceil(this.#parts.time.nowMs() / 1_000) * 1_000);
    this.#learn(await this.#parts.users.revokeTokens(userId, validFrom));
    this.#parts.onChanged();
    return validFrom;
  }

  async #refresh(): Promise<void> {
    const startedMs = monotonicMs();
    const through = this.#parts.time.nowMs();
    const changed = await this.#parts.users.findChangedSince(
      new Date(this.#polledThroughMs - POLL_OVERLAP_MS),
    );
    for (const user of changed) this.#learn(user);
    this.#polledThroughMs = through;
    this.#freshUntilMs = startedMs + FRESH_MS;
  }

  #learn(user: UserRecord): void {
    const before = validFrom(this.#known.get(user._id)?.user);
    this.#known.set(user._id, { user });
    const validFromMs = validFrom(user);
    if (validFromMs <= before || !this.#parts.onRevoked(user._id, validFromMs)) return;
    // Both times are the database's: the document's, and what this process knows of that clock.
    const tookMs = this.#parts.time.nowMs() - user.profileChangedAt.getTime();
    this.#parts.metrics.revocationSeconds.observe(Math.max(0, tookMs) / 1_000);
  }

  async #load(ids: readonly UserId[]): Promise<void> {
    const found = await this.#parts.users.findByIds([...new Set(ids)]);
    const byId = new Map(found.map((user) => [user._id, user]));
    for (const id of ids) {
      const user = byId.get(id);
      if (user === undefined) this.#known.set(id, { user });
      else this.#learn(user);
    }
  }

  async #insert(newcomers: readonly Principal[]): Promise<void> {
    const byId = new Map(newcomers.map(({ userId, name, avatar }) => [userId, { name, avatar }]));
    const missing = [...byId].map(([_id, profile]) => ({ _id, profile }));
    await this.#parts.users.insertMissing(missing, this.#parts.time.now());
    await this.#load([...byId.keys()]);
  }

  #view(id: UserId): UserView {
    const user = this.#known.get(id)?.user;
    return {
      _id: id,
      ...(user?.name !== undefined && { name: user.name }),
      ...(user?.avatar !== undefined && { avatar: user.avatar }),
    };
  }
}

/** From when on a user's tokens hold, in ms since 1970: never, while they are banned. */
const validFrom = (user: UserRecord | undefined): number =>
  user?.bannedAt === undefined ? (user?.tokensValidFrom?.getTime() ?? 0) : Infinity;
