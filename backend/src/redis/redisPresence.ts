import { z } from 'zod';
import type { UserId } from '../../../contract/index.js';
import type { PresenceStore } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { RedisConnection } from './connection.js';

/** Interval of heartbeats, in ms. */
const HEARTBEAT_INTERVAL_MS = 2_000;
/** Time without a heartbeat after which a process counts as dead, in ms. */
const DEAD_AFTER_MS = 7_000;
/** Time that the other processes need to enter their users again after Redis lost its data, in ms. */
const SETTLE_MS = 3_000;
/** Maximum users in one SADD. */
const USERS_PER_COMMAND = 1_000;

/**
 * Returns 1 when another process has the user, else 0, and adds or removes the user. Reads the list of processes in the
 * script, because another process may have just joined.
 */
const CHANGE_SCRIPT = `
local elsewhere = 0
for _, id in ipairs(redis.call('zrange', KEYS[1], 0, -1)) do
  if id ~= ARGV[2] and redis.call('sismember', ARGV[1] .. id, ARGV[4]) == 1 then elsewhere = 1 end
end
local own = ARGV[1] .. ARGV[2]
redis.call(ARGV[3], own, ARGV[4])
redis.call('pexpire', own, ARGV[5])
local time = redis.call('time')
redis.call('zadd', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[2])
return elsewhere`;
/** Returns 1 or 0 for each user: whether any process has a socket of the user. */
const FIND_ONLINE_SCRIPT = `
local flags = {}
local ids = redis.call('zrange', KEYS[1], 0, -1)
for index = 2, #ARGV do
  flags[index - 1] = 0
  for _, id in ipairs(ids) do
    if redis.call('sismember', ARGV[1] .. id, ARGV[index]) == 1 then flags[index - 1] = 1 break end
  end
end
return flags`;

type Reply = [error: Error | null, result: unknown];

/**
 * `PresenceStore` in Redis: a set of users per process, which expires with the process. A killed process therefore
 * leaves nothing behind. Entering and leaving cost one script call each, which also reports whether another process has
 * the user.
 */
export class RedisPresence implements PresenceStore {
  /** Users entered by this process; they are entered again when Redis has lost its data. */
  readonly #localUsers = new Set<UserId>();
  /**
   * Number of `enter` calls under way per user. `#enterAll` skips these users: otherwise two processes that enter a user
   * at once could each find the other's entry, and neither would report the user as newly online.
   */
  readonly #entering = new Map<UserId, number>();
  readonly #listeners = new Set<() => void>();
  /** The other live processes, as of the last heartbeat. */
  #others: string[] = [];
  #heartbeatTimer: NodeJS.Timeout | undefined;
  #doubtTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    readonly redis: RedisConnection,
    readonly logger: Logger,
  ) {
    redis.onUp(() => void this.#enterAll());
    this.#heartbeatTimer = setInterval(() => void this.#sendHeartbeat(), HEARTBEAT_INTERVAL_MS);
    this.#heartbeatTimer.unref();
  }

  async enter(userId: UserId): Promise<boolean> {
    this.#localUsers.add(userId);
    this.#entering.set(userId, (this.#entering.get(userId) ?? 0) + 1);
    try {
      return await this.#change('sadd', userId);
    } finally {
      const left = (this.#entering.get(userId) ?? 1) - 1;
      if (left > 0) this.#entering.set(userId, left);
      else this.#entering.delete(userId);
    }
  }

  async leave(userId: UserId): Promise<boolean> {
    this.#localUsers.delete(userId);
    return this.#change('srem', userId);
  }

  async findOnline(userIds: readonly UserId[]): Promise<Set<UserId>> {
    if (userIds.length === 0) return new Set();
    const found = await this.redis.commands.eval(
      FIND_ONLINE_SCRIPT,
      1,
      this.redis.keys.processes,
      this.redis.keys.onlineOf(''),
      ...userIds,
    );
    const flags = z.array(z.int()).parse(found);
    return new Set(userIds.filter((_, index) => flags[index] === 1));
  }

  onDoubt(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#doubtTimer);
    const { commands, processId, isUp } = this.redis;
    if (!isUp) return;
    await commands
      .multi()
      .del(this.redis.keys.onlineOf(processId))
      .zrem(this.redis.keys.processes, processId)
      .exec()
      .catch(() => undefined);
  }

  /**
   * Runs as one atomic script: of two processes that enter the same user at once, exactly one learns that it is the
   * first.
   */
  async #change(command: 'sadd' | 'srem', userId: UserId): Promise<boolean> {
    const { commands, processId } = this.redis;
    const args = [this.redis.keys.onlineOf(''), processId, command, userId, DEAD_AFTER_MS];
    return (await commands.eval(CHANGE_SCRIPT, 1, this.redis.keys.processes, ...args)) === 0;
  }

  /** Renews the entry of this process and reads which other processes are alive. */
  async #sendHeartbeat(): Promise<void> {
    const { commands, processId, isUp } = this.redis;
    if (!isUp || this.#closed) return;
    try {
      const nowMs = await this.#redisTimeMs();
      const replies = valuesOf(
        await commands
          .multi()
          .zadd(this.redis.keys.processes, String(nowMs), processId)
          .pexpire(this.redis.keys.onlineOf(processId), DEAD_AFTER_MS)
          .zremrangebyscore(this.redis.keys.processes, '-inf', String(nowMs - DEAD_AFTER_MS))
          .zrange(this.redis.keys.processes, '0', '-1')
          .exec(),
      );
      const hasExpired = replies[1] === 0 && this.#localUsers.size > 0;
      this.#updateOthers((replies[3] as string[]).filter((id) => id !== processId));
      // This process was suspended for longer than its set lives, or Redis lost its data.
      if (hasExpired) await this.#enterAll();
    } catch (error) {
      this.logger.debug({ err: error }, 'a heartbeat could not be written to Redis');
    }
  }

  #updateOthers(others: string[]): void {
    const before = this.#others;
    this.#others = others;
    if (before.some((id) => !others.includes(id))) this.#notifyDoubt();
    // A process that was taken for dead enters its users again without notifying the others.
    if (others.some((id) => !before.includes(id))) this.#notifyDoubtLater();
  }

  async #enterAll(): Promise<void> {
    const { commands, processId } = this.redis;
    const localUsers = [...this.#localUsers].filter((userId) => !this.#entering.has(userId));
    try {
      const transaction = commands.multi();
      for (let from = 0; from < localUsers.length; from += USERS_PER_COMMAND) {
        transaction.sadd(
          this.redis.keys.onlineOf(processId),
          ...localUsers.slice(from, from + USERS_PER_COMMAND),
        );
      }
      transaction.pexpire(this.redis.keys.onlineOf(processId), DEAD_AFTER_MS);
      await transaction.exec();
      await this.#sendHeartbeat();
    } catch (error) {
      this.logger.debug({ err: error }, 'the online users could not be written to Redis');
    }
    this.#notifyDoubtLater();
  }

  #notifyDoubtLater(): void {
    clearTimeout(this.#doubtTimer);
    this.#doubtTimer = setTimeout(() => this.#notifyDoubt(), SETTLE_MS).unref();
  }

  #notifyDoubt(): void {
    for (const listener of this.#listeners) listener();
  }

  async #redisTimeMs(): Promise<number> {
    const [seconds, micros] = await this.redis.commands.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }
}

/** Returns the results of a transaction. @throws its first error. */
function valuesOf(replies: Reply[] | null): unknown[] {
  if (replies === null) throw new Error('the transaction was discarded');
  return replies.map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
}
