import { LRUCache } from 'lru-cache';
import type { PrivacyView, UserId, UserView } from '../../../contract/index.js';
import type { Profile, UserModel, UserRecord } from '../models/userModel.js';
import { AppError } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import type { Metrics } from '../utils/metrics.js';
import { TickBatcher } from '../utils/tickBatcher.js';
import { ChangePoll } from './changePoll.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Principal } from './tokens.js';

interface DirectoryParts {
  users: UserModel;
  time: DatabaseTime;
  logger: Logger;
  metrics: Pick<Metrics, 'revocationSeconds'>;
  /** A user's earlier tokens are void from now on: ends their sessions. @returns whether there were any here. */
  onRevoked: (userId: UserId, validFromMs: number) => boolean;
  /** Somebody is to be seen by fewer, or by more, than before. */
  onHiding: (userId: UserId) => void;
  /** A user was changed here: the other processes may want to know before their next poll. */
  onChanged: () => void;
}

const MAX_KNOWN = 100_000;

/**
 * Names, pictures and token validity of users, for every event and every message, without a query for each.
 * One query twice a second brings what changed in the database, whoever changed it. After a pause of the process
 * nothing known counts until that query has been answered again.
 */
export class UserDirectory {
  readonly #parts: DirectoryParts;
  /** `undefined` in an entry: there is no such user. */
  readonly #known = new LRUCache<UserId, { user: UserRecord | undefined }>({ max: MAX_KNOWN });
  /** Everybody who is under a shadow restriction. */
  readonly #restricted = new Set<UserId>();
  readonly #poll: ChangePoll<UserRecord>;
  readonly #loading = new TickBatcher<UserId>((ids) => this.#load(ids));
  readonly #inserting = new TickBatcher<Principal>((newcomers) => this.#insert(newcomers));

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#poll = new ChangePoll({
      time: parts.time,
      find: (since) => parts.users.findChangedSince(since),
      learn: (users) => {
        for (const user of users) this.#learn(user);
      },
      refusal: 'The database cannot be asked whether this token is still valid.',
    });
  }

  async start(): Promise<void> {
    await this.#poll.start();
    for (const user of await this.#parts.users.findRestricted()) this.#learn(user);
  }

  stop(): void {
    this.#poll.stop();
  }

  isFresh(): boolean {
    return this.#poll.isFresh();
  }

  /** Asks what changed. @throws AppError `UNAVAILABLE` while the database is away. */
  refresh(): Promise<void> {
    return this.#poll.refresh();
  }

  /** Public profiles; a user nobody has heard of has an id only. */
  async views(ids: Iterable<UserId>): Promise<Map<UserId, UserView>> {
    const wanted = [...new Set(ids)];
    await this.#poll.ensureFresh();
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

  /** Whether nobody else is to see what a user sends. */
  isRestricted(id: UserId): boolean {
    return this.#restricted.has(id);
  }

  /** What a user shows of themselves, as far as it is known here: `views` makes it known. */
  knownPrivacy(id: UserId): PrivacyView {
    return privacyOf(this.#known.get(id)?.user);
  }

  async setPrivacy(userId: UserId, settings: Partial<PrivacyView>): Promise<PrivacyView> {
    this.#learn(await this.#parts.users.setPrivacy(userId, settings));
    this.#parts.onChanged();
    return this.knownPrivacy(userId);
  }

  async setRestriction(userId: UserId, isRestricted: boolean): Promise<void> {
    const since = isRestricted ? this.#parts.time.now() : undefined;
    this.#learn(await this.#parts.users.setRestriction(userId, since));
    this.#parts.onChanged();
  }

  /** Voids every token issued until now. Tokens count whole seconds, so the next second is the first valid one. */
  async revokeTokens(userId: UserId): Promise<Date> {
    const validFrom = new Date(Math.ceil(this.#parts.time.nowMs() / 1_000) * 1_000);
    this.#learn(await this.#parts.users.revokeTokens(userId, validFrom));
    this.#parts.onChanged();
    return validFrom;
  }

  #learn(user: UserRecord): void {
    const known = this.#known.get(user._id)?.user;
    const before = validFrom(known);
    this.#known.set(user._id, { user });
    this.#learnDiscretion(user, known);
    const validFromMs = validFrom(user);
    if (validFromMs <= before || !this.#parts.onRevoked(user._id, validFromMs)) return;
    // Both times are the database's: the document's, and what this process knows of that clock.
    const tookMs = this.#parts.time.nowMs() - user.profileChangedAt.getTime();
    this.#parts.metrics.revocationSeconds.observe(Math.max(0, tookMs) / 1_000);
  }

  #learnDiscretion(user: UserRecord, known: UserRecord | undefined): void {
    const wasRestricted = this.#restricted.has(user._id);
    const isRestricted = user.restrictedAt !== undefined;
    if (isRestricted) this.#restricted.add(user._id);
    else this.#restricted.delete(user._id);
    const [before, after] = [privacyOf(known), privacyOf(user)];
    const isSame = before.lastSeen === after.lastSeen && wasRestricted === isRestricted;
    if (!isSame) this.#parts.onHiding(user._id);
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

const USUAL: PrivacyView = { readReceipts: true, lastSeen: 'everyone', typing: true };

const privacyOf = (user: UserRecord | undefined): PrivacyView => ({ ...USUAL, ...user?.privacy });
