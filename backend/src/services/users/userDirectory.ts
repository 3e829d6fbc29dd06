import type { PrivacyView, UserId, UserView } from '../../../../contract/index.js';
import type { Profile, ProfileUpdate, UserModel, UserRecord } from '../../models/userModel.js';
import { AppError } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import { createLru } from '../../utils/lru.js';
import { waitForNextSecond } from '../../utils/nextSecond.js';
import { TickBatcher } from '../../utils/tickBatcher.js';
import { ChangePoll, type DatabaseTime, type Look } from '../runtime/index.js';
import type { Principal } from './tokens.js';

interface DirectoryDeps {
  users: UserModel;
  time: DatabaseTime;
  logger: Logger;
  /** Tokens of a user that were issued before `validFromMs` are void. `changedAt` is database time. */
  onRevoked: (revoked: { userId: UserId; validFromMs: number; changedAt: Date }) => void;
  /** Called when a user's activity becomes visible to more or fewer users than before. */
  onVisibilityChanged: (userId: UserId) => void;
  /** Called after a user was changed here, so that other processes can read it before their next poll. */
  onChanged: () => void;
}

const MAX_CACHED_USERS = 100_000;
/** Number of users that one query may name. */
const MAX_RESTRICTED_IDS = 1_000;

/**
 * Caches profiles, privacy settings and token validity of users, so that events and messages need no query for each.
 * The changes made by all processes are read within a second. After a pause of the process the cache is not used until
 * they have been read.
 */
export class UserDirectory {
  readonly #deps: DirectoryDeps;
  /** Users by id. `user` is undefined for an id without a user. */
  readonly #cached = createLru<UserId, { user: UserRecord | undefined }>(MAX_CACHED_USERS);
  /** Start times of the restrictions of all restricted users. */
  readonly #restricted = new Map<UserId, Date>();
  readonly #poll: ChangePoll<UserRecord>;
  readonly #loading = new TickBatcher<UserId>((ids) => this.#load(ids));
  readonly #inserting = new TickBatcher<Principal>((newcomers) => this.#insert(newcomers));

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
    this.#poll = new ChangePoll({
      time: deps.time,
      markOf: (marks) => marks.users,
      find: (since) => deps.users.findChangedSince(since),
      learn: (users) => {
        for (const user of users) this.#learn(user);
      },
      refusal: 'The token cannot be checked for revocation: the database does not answer.',
    });
  }

  async start(): Promise<void> {
    await this.#poll.start();
    for (const user of await this.#deps.users.findRestricted()) this.#learn(user);
  }

  /** Handles a look at the marks of changes. */
  noteLook(look: Look): void {
    this.#poll.noteLook(look);
  }

  isFresh(): boolean {
    return this.#poll.isFresh();
  }

  /** Reads what changed since the last poll. @throws AppError `UNAVAILABLE` while the database is unavailable. */
  refresh(): Promise<void> {
    return this.#poll.refresh();
  }

  /**
   * Returns public profiles, and loads them into the cache. An unknown user has an id only.
   *
   * @param viewer gets their own profile as they set it, also under a restriction.
   */
  async views(ids: Iterable<UserId>, viewer?: UserId): Promise<Map<UserId, UserView>> {
    const wanted = [...new Set(ids)];
    await this.#poll.ensureFresh();
    const missing = wanted.filter((id) => !this.#cached.has(id));
    if (missing.length > 0) await this.#loading.add(missing);
    return new Map(wanted.map((id) => [id, id === viewer ? this.ownView(id) : this.#view(id)]));
  }

  /** Returns the cached profile, for live pushes. */
  knownView(id: UserId): UserView {
    return this.#view(id);
  }

  /** Returns the cached profile as its user sees it. */
  ownView(id: UserId): UserView {
    return { ...this.#view(id), ...this.#cached.get(id)?.user?.shadowProfile };
  }

  async find(id: UserId): Promise<UserRecord | undefined> {
    await this.views([id]);
    return this.#cached.get(id)?.user;
  }

  /**
   * Checks that a token was not revoked and its user not banned, with cached data. Call `ensureUser` first.
   *
   * @throws AppError `UNAUTHENTICATED`, `FORBIDDEN` (banned).
   */
  requireNotRevoked(principal: Principal): void {
    const user = this.#cached.get(principal.userId)?.user;
    if (user?.bannedAt !== undefined) throw new AppError('FORBIDDEN', 'This user is banned.');
    if (principal.issuedAtMs < validFrom(user)) {
      throw new AppError('UNAUTHENTICATED', 'The token was revoked.');
    }
  }

  /** Inserts the user of a token if they are new, and caches them. @throws as `requireNotRevoked`. */
  async ensureUser(principal: Principal): Promise<void> {
    if ((await this.find(principal.userId)) === undefined) {
      await this.#inserting.add([principal]);
    }
    this.requireNotRevoked(principal);
  }

  /** Sets a name or picture. Other users do not see the new profile of a restricted user. */
  async updateProfile(userId: UserId, profile: Profile): Promise<UserView> {
    const { users, onChanged } = this.#deps;
    await this.#poll.ensureFresh();
    this.#learn(
      this.isRestricted(userId)
        ? await users.updateShadowProfile(userId, profile)
        : await users.updateProfile(userId, profile),
    );
    onChanged();
    return this.ownView(userId);
  }

  /** True when other users must not see what this user sends. */
  isRestricted(id: UserId): boolean {
    return this.#restricted.has(id);
  }

  /** Returns the start of a user's restriction; undefined without one. */
  restrictedSince(id: UserId): Date | undefined {
    return this.#restricted.get(id);
  }

  /** Returns restricted users: as many as one query may name. */
  restrictedIds(): UserId[] {
    return [...this.#restricted.keys()].slice(0, MAX_RESTRICTED_IDS);
  }

  /** Returns the cached privacy settings. Call `views` first: it loads the user. */
  knownPrivacy(id: UserId): PrivacyView {
    return privacyOf(this.#cached.get(id)?.user);
  }

  async setPrivacy(userId: UserId, settings: Partial<PrivacyView>): Promise<PrivacyView> {
    this.#learn(await this.#deps.users.setPrivacy(userId, settings));
    this.#deps.onChanged();
    return this.knownPrivacy(userId);
  }

  async setRestriction(userId: UserId, isRestricted: boolean): Promise<void> {
    await this.refresh();
    // A repeated restriction keeps its start, so that the shadow changes made under it stay visible to their author.
    const since = isRestricted ? (this.restrictedSince(userId) ?? this.#deps.time.now()) : undefined;
    this.#learn(await this.#deps.users.setRestriction(userId, since));
    this.#deps.onChanged();
  }

  /**
   * Creates users, or sets the profiles of existing ones, for the app's backend, in one write.
   *
   * @returns how many were created.
   */
  async upsertProfiles(profiles: readonly ProfileUpdate[]): Promise<number> {
    const { users, time, onChanged } = this.#deps;
    const created = await users.upsertProfiles(profiles, time.now());
    // Reads what was written, with the database's time of the change.
    await this.refresh();
    onChanged();
    return created;
  }

  /** Reads a user from the database. */
  async read(userId: UserId): Promise<UserRecord | undefined> {
    const [user] = await this.#deps.users.findByIds([userId]);
    return user;
  }

  /** Bans a user, or lifts the ban. @throws AppError `NOT_FOUND`. */
  async setBan(userId: UserId, isBanned: boolean): Promise<void> {
    const { users, time } = this.#deps;
    this.#learnExisting(await users.setBan(userId, isBanned ? time.now() : undefined));
  }

  /** Removes a user's profile and settings, and bans them. @throws AppError `NOT_FOUND`. */
  async delete(userId: UserId): Promise<void> {
    const { users, time } = this.#deps;
    this.#learnExisting(await users.erase(userId, time.now()));
  }

  #learnExisting(user: UserRecord | undefined): void {
    if (user === undefined) throw new AppError('NOT_FOUND', 'There is no such user.');
    this.#learn(user);
    this.#deps.onChanged();
  }

  /**
   * Revokes all tokens issued until now. Returns when the next second has begun: most tokens hold only the second of
   * their issue, so a token of the current second counts as revoked. Tokens issued after the answer are always valid.
   */
  async revokeTokens(userId: UserId): Promise<Date> {
    const { time, users, onChanged } = this.#deps;
    const validFrom = time.now();
    this.#learn(await users.revokeTokens(userId, validFrom));
    onChanged();
    await waitForNextSecond(validFrom, () => time.nowMs());
    return validFrom;
  }

  /** Caches a record unless a newer one is cached, and applies its changes. */
  #learn(user: UserRecord): void {
    const known = this.#cached.get(user._id)?.user;
    // A poll that was read before a change made here must not undo that change.
    if (known !== undefined && isOlder(user, known)) return;
    const before = validFrom(known);
    this.#cached.set(user._id, { user });
    this.#applyPrivacy(user, known);
    const validFromMs = validFrom(user);
    if (validFromMs <= before) return;
    this.#deps.onRevoked({ userId: user._id, validFromMs, changedAt: user.profileChangedAt });
  }

  #applyPrivacy(user: UserRecord, known: UserRecord | undefined): void {
    const wasRestricted = this.#restricted.has(user._id);
    const isRestricted = user.restrictedAt !== undefined;
    if (user.restrictedAt !== undefined) this.#restricted.set(user._id, user.restrictedAt);
    else this.#restricted.delete(user._id);
    const [before, after] = [privacyOf(known), privacyOf(user)];
    const isSame = before.lastSeen === after.lastSeen && wasRestricted === isRestricted;
    if (!isSame) this.#deps.onVisibilityChanged(user._id);
  }

  async #load(ids: readonly UserId[]): Promise<void> {
    const found = await this.#deps.users.findByIds([...new Set(ids)]);
    const byId = new Map(found.map((user) => [user._id, user]));
    for (const id of ids) {
      const user = byId.get(id);
      if (user === undefined) this.#cached.set(id, { user });
      else this.#learn(user);
    }
  }

  async #insert(newcomers: readonly Principal[]): Promise<void> {
    const byId = new Map(newcomers.map(({ userId, name, avatar }) => [userId, { name, avatar }]));
    const missing = [...byId].map(([_id, profile]) => ({ _id, profile }));
    const created = await this.#deps.users.insertMissing(missing, this.#deps.time.now());
    for (const user of created) {
      this.#learn(user);
      byId.delete(user._id);
    }
    if (byId.size > 0) await this.#load([...byId.keys()]);
  }

  #view(id: UserId): UserView {
    const user = this.#cached.get(id)?.user;
    return {
      _id: id,
      ...(user?.name !== undefined && { name: user.name }),
      ...(user?.avatar !== undefined && { avatar: user.avatar }),
    };
  }
}

/** True for a record that was not changed since it was inserted. */
const isUnchanged = ({ profileChangedAt, createdAt }: UserRecord): boolean =>
  profileChangedAt.getTime() === createdAt.getTime();

/**
 * True when a record was read before another one of the same user. An insert stores this process's estimate of the
 * database time, which may be later than the database's own time of the first change. Every change is therefore newer
 * than the insert.
 */
const isOlder = (user: UserRecord, known: UserRecord): boolean =>
  !isUnchanged(known) && (isUnchanged(user) || user.profileChangedAt < known.profileChangedAt);

/** Returns the time from which a user's tokens are valid, in ms since 1970; `Infinity` while they are banned. */
const validFrom = (user: UserRecord | undefined): number =>
  user?.bannedAt === undefined ? (user?.tokensValidFrom?.getTime() ?? 0) : Infinity;

const DEFAULT_PRIVACY: PrivacyView = {
  readReceipts: true,
  lastSeen: 'contacts',
  typing: true,
  addToGroups: 'everyone',
};

const privacyOf = (user: UserRecord | undefined): PrivacyView => ({ ...DEFAULT_PRIVACY, ...user?.privacy });
