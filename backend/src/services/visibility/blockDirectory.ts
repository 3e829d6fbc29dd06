import type { UserId } from '../../../../contract/index.js';
import type { BlockModel, BlockRecord } from '../../models/blockModel.js';
import { createLru } from '../../utils/lru.js';
import type { Metrics } from '../../utils/metrics.js';
import { TickBatcher } from '../../utils/tickBatcher.js';
import { ChangePoll, type DatabaseTime, type Look } from '../runtime/index.js';

interface DirectoryDeps {
  blocks: Pick<BlockModel, 'findByUsers' | 'findChangedSince'>;
  time: DatabaseTime;
  metrics: Pick<Metrics, 'blockSeconds'>;
  /** Called when one of two users has blocked or unblocked the other. */
  onChanged: (pair: readonly [UserId, UserId]) => void;
}

/** Users blocked by one user, and users who have blocked this user. */
export interface Blocks {
  readonly blocked: ReadonlySet<UserId>;
  readonly blockedBy: ReadonlySet<UserId>;
}

/** Users cached at most: far more than a process has connections. */
const MAX_CACHED_USERS = 200_000;

const NO_USERS: ReadonlySet<UserId> = new Set();
/** Shared by all users without blocks, which are nearly all users. */
const NO_BLOCKS: Blocks = { blocked: NO_USERS, blockedBy: NO_USERS };

/**
 * Caches blocks between users, so that pushes and pages need no query for each. Holds the users who are connected to
 * this process or have sent a command to it. The changes made by all processes are read within a second.
 */
export class BlockDirectory {
  readonly #deps: DirectoryDeps;
  readonly #cached = createLru<UserId, Blocks>(MAX_CACHED_USERS);
  /** Time of the last known change of each pair, in ms since 1970: answers of the database may arrive out of order. */
  readonly #changedMs = createLru<string, number>(MAX_CACHED_USERS);
  readonly #poll: ChangePoll<BlockRecord>;
  readonly #loading = new TickBatcher<UserId>((ids) => this.#load(ids));
  /** Changes learned while users are being loaded: the records being loaded may be older. */
  readonly #changedDuringLoad = new Map<string, BlockRecord>();
  #loads = 0;

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
    this.#poll = new ChangePoll({
      time: deps.time,
      markOf: (marks) => marks.blocks,
      find: (since) => deps.blocks.findChangedSince(since),
      learn: (records) => {
        for (const record of records) this.learn(record);
      },
      refusal: 'Blocks cannot be checked: the database does not answer.',
    });
  }

  start(): Promise<void> {
    return this.#poll.start();
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

  /** Makes sure that the cache is at most one second old. @throws as `refresh`. */
  ensureFresh(): Promise<void> {
    return this.#poll.ensureFresh();
  }

  /** Returns a user's blocks as of at most one second ago. @throws as `refresh`. */
  async of(userId: UserId): Promise<Blocks> {
    await this.#poll.ensureFresh();
    const cached = this.#cached.get(userId);
    if (cached !== undefined) return cached;
    await this.#loading.add([userId]);
    return this.#cached.get(userId) ?? NO_BLOCKS;
  }

  /** Returns the cached blocks. Undefined for a user who is not cached; loading is started then. */
  peek(userId: UserId): Blocks | undefined {
    const cached = this.#cached.get(userId);
    if (cached === undefined) void this.#loading.add([userId]).catch(() => undefined);
    return cached;
  }

  /** True when one of two users has blocked the other, as far as it is cached. */
  isBlockedPair(a: UserId, b: UserId): boolean {
    const blocksOfA = this.#cached.get(a);
    if (blocksOfA !== undefined) return blocksOfA.blocked.has(b) || blocksOfA.blockedBy.has(b);
    const blocksOfB = this.#cached.get(b);
    return blocksOfB !== undefined && (blocksOfB.blocked.has(a) || blocksOfB.blockedBy.has(a));
  }

  /** True when a user has blocked others or is blocked, and while that is not known. Starts loading then. */
  hasBlocks(userId: UserId): boolean {
    const blocks = this.peek(userId);
    return blocks === undefined || blocks.blocked.size + blocks.blockedBy.size > 0;
  }

  /** Applies a record that was read or written, unless a newer one of the same pair was applied. */
  learn(record: BlockRecord): void {
    const pair = `${record.blockerId}\u0000${record.blockedId}`;
    const changedMs = record.changedAt.getTime();
    if (changedMs < (this.#changedMs.get(pair) ?? 0)) return;
    this.#changedMs.set(pair, changedMs);
    if (this.#loads > 0) this.#changedDuringLoad.set(pair, record);
    if (!this.#apply(record)) return;
    // Both times are times of the database: one is stored, the other is this process's estimate of the current time.
    const tookMs = this.#deps.time.nowMs() - changedMs;
    this.#deps.metrics.blockSeconds.observe(Math.max(0, tookMs) / 1_000);
    this.#deps.onChanged([record.blockerId, record.blockedId]);
  }

  /** @returns true when the cached blocks of either user have changed. */
  #apply({ blockerId, blockedId, isBlocked }: BlockRecord): boolean {
    const blocker = this.#cached.peek(blockerId);
    const blocked = this.#cached.peek(blockedId);
    let hasChanged = false;
    if (blocker !== undefined && blocker.blocked.has(blockedId) !== isBlocked) {
      hasChanged = true;
      this.#store(blockerId, { ...blocker, blocked: withUser(blocker.blocked, blockedId, isBlocked) });
    }
    if (blocked !== undefined && blocked.blockedBy.has(blockerId) !== isBlocked) {
      hasChanged = true;
      this.#store(blockedId, { ...blocked, blockedBy: withUser(blocked.blockedBy, blockerId, isBlocked) });
    }
    return hasChanged;
  }

  #store(userId: UserId, blocks: Blocks): void {
    this.#cached.set(userId, blocks.blocked.size + blocks.blockedBy.size === 0 ? NO_BLOCKS : blocks);
  }

  async #load(ids: readonly UserId[]): Promise<void> {
    const uncached = [...new Set(ids)].filter((id) => !this.#cached.has(id));
    this.#loads += 1;
    try {
      const found = await this.#deps.blocks.findByUsers(uncached);
      for (const id of uncached) this.#cached.set(id, NO_BLOCKS);
      for (const record of found) this.#apply(record);
      for (const record of this.#changedDuringLoad.values()) this.#apply(record);
    } finally {
      this.#loads -= 1;
      if (this.#loads === 0) this.#changedDuringLoad.clear();
    }
  }
}

function withUser(users: ReadonlySet<UserId>, userId: UserId, isIn: boolean): ReadonlySet<UserId> {
  const result = new Set(users);
  if (isIn) result.add(userId);
  else result.delete(userId);
  return result;
}
