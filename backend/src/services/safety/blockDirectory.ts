import { LRUCache } from 'lru-cache';
import type { UserId } from '../../../../contract/index.js';
import type { BlockModel, BlockRecord } from '../../models/blockModel.js';
import type { Metrics } from '../../utils/metrics.js';
import { TickBatcher } from '../../utils/tickBatcher.js';
import { ChangePoll } from '../changePoll.js';
import type { DatabaseTime } from '../derived/databaseTime.js';

interface DirectoryParts {
  blocks: Pick<BlockModel, 'findOf' | 'findChangedSince'>;
  time: DatabaseTime;
  metrics: Pick<Metrics, 'blockSeconds'>;
  /** Two users do not want to see each other any more, or want to again. */
  onChanged: (pair: readonly [UserId, UserId]) => void;
}

/** Whom one user has blocked, and who has blocked them. */
export interface Blocks {
  readonly set: ReadonlySet<UserId>;
  readonly suffered: ReadonlySet<UserId>;
}

/** Far more users than a process has connections. */
const MAX_KNOWN = 200_000;

const NOBODY: ReadonlySet<UserId> = new Set();
/** Of nearly everybody: one object for all of them. */
const NONE: Blocks = { set: NOBODY, suffered: NOBODY };

/**
 * Who has blocked whom, for every push and every page, without a query for each. Known of users who are connected or
 * have asked for something here; one query twice a second brings what changed, whoever changed it.
 */
export class BlockDirectory {
  readonly #parts: DirectoryParts;
  readonly #known = new LRUCache<UserId, Blocks>({ max: MAX_KNOWN });
  /** When pairs changed last, as far as it was learned: an answer of the database may overtake another. */
  readonly #changedMs = new LRUCache<string, number>({ max: MAX_KNOWN });
  readonly #poll: ChangePoll<BlockRecord>;
  readonly #loading = new TickBatcher<UserId>((ids) => this.#load(ids));
  /** Changes learned while users are being loaded: what is read may be older. */
  readonly #meanwhile = new Map<string, BlockRecord>();
  #loads = 0;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#poll = new ChangePoll({
      time: parts.time,
      find: (since) => parts.blocks.findChangedSince(since),
      learn: (records) => {
        for (const record of records) this.learn(record);
      },
      refusal: 'The database cannot be asked who has blocked whom.',
    });
  }

  start(): Promise<void> {
    return this.#poll.start();
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

  /** Makes sure that what is known is at most a second old. @throws as `refresh`. */
  ensureFresh(): Promise<void> {
    return this.#poll.ensureFresh();
  }

  /** A user's blocks as of a second ago at most. @throws as `refresh`. */
  async of(userId: UserId): Promise<Blocks> {
    await this.#poll.ensureFresh();
    const known = this.#known.get(userId);
    if (known !== undefined) return known;
    await this.#loading.add([userId]);
    return this.#known.get(userId) ?? NONE;
  }

  /** What is known here; undefined for a user who was never asked about, who is then asked about. */
  peek(userId: UserId): Blocks | undefined {
    const known = this.#known.get(userId);
    if (known === undefined) void this.#loading.add([userId]).catch(() => undefined);
    return known;
  }

  /** Whether one of two is known to have blocked the other. */
  areApart(a: UserId, b: UserId): boolean {
    const known = this.#known.get(a);
    if (known !== undefined) return known.set.has(b) || known.suffered.has(b);
    const other = this.#known.get(b);
    return other !== undefined && (other.set.has(a) || other.suffered.has(a));
  }

  /** Takes over what was read or written. */
  learn(record: BlockRecord): void {
    const pair = `${record.blockerId}\u0000${record.blockedId}`;
    const changedMs = record.changedAt.getTime();
    if (changedMs < (this.#changedMs.get(pair) ?? 0)) return;
    this.#changedMs.set(pair, changedMs);
    if (this.#loads > 0) this.#meanwhile.set(pair, record);
    if (!this.#apply(record)) return;
    // Both times are the database's: the document's, and what this process knows of that clock.
    const tookMs = this.#parts.time.nowMs() - changedMs;
    this.#parts.metrics.blockSeconds.observe(Math.max(0, tookMs) / 1_000);
    this.#parts.onChanged([record.blockerId, record.blockedId]);
  }

  /** @returns whether that was news about somebody who is known here. */
  #apply({ blockerId, blockedId, isBlocked }: BlockRecord): boolean {
    const blocker = this.#known.peek(blockerId);
    const blocked = this.#known.peek(blockedId);
    let isNews = false;
    if (blocker !== undefined && blocker.set.has(blockedId) !== isBlocked) {
      isNews = true;
      this.#keep(blockerId, { ...blocker, set: changed(blocker.set, blockedId, isBlocked) });
    }
    if (blocked !== undefined && blocked.suffered.has(blockerId) !== isBlocked) {
      isNews = true;
      this.#keep(blockedId, { ...blocked, suffered: changed(blocked.suffered, blockerId, isBlocked) });
    }
    return isNews;
  }

  #keep(userId: UserId, blocks: Blocks): void {
    this.#known.set(userId, blocks.set.size + blocks.suffered.size === 0 ? NONE : blocks);
  }

  async #load(ids: readonly UserId[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#known.has(id));
    this.#loads += 1;
    try {
      const found = await this.#parts.blocks.findOf(unknown);
      for (const id of unknown) this.#known.set(id, NONE);
      for (const record of found) this.#apply(record);
      for (const record of this.#meanwhile.values()) this.#apply(record);
    } finally {
      this.#loads -= 1;
      if (this.#loads === 0) this.#meanwhile.clear();
    }
  }
}

function changed(users: ReadonlySet<UserId>, userId: UserId, isIn: boolean): ReadonlySet<UserId> {
  const after = new Set(users);
  if (isIn) after.add(userId);
  else after.delete(userId);
  return after;
}
