import { z } from 'zod';
import type { UserId } from '../../../contract/index.js';
import type { PresenceStore } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { RedisConnection } from './connection.js';

const HEARTBEAT_MS = 2_000;
/** A process that has not been heard of for this long is dead to the others, in ms. */
const DEAD_AFTER_MS = 7_000;
/** After Redis came back empty, the others need a moment to enter their users again, in ms. */
const SETTLE_MS = 3_000;
const USERS_PER_COMMAND = 1_000;

/** Who else has the user; then adds or removes them. The list of processes is read here, as another may just have come. */
const CHANGE = `
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
/** Per user 1 where any process has them. */
const FIND_ONLINE = `
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
 * Who is online, in Redis: a set of users per process, which expires with the process. So nothing is left behind by
 * one that was killed, and coming and going cost one transaction each, that says whether anybody else has the user.
 */
export class RedisPresence implements PresenceStore {
  /** Whom this process has entered: entered again when Redis has lost them. */
  readonly #own = new Set<UserId>();
  /** Who is just being entered: were they entered beside it, nobody would be told that they are the first. */
  readonly #entering = new Map<UserId, number>();
  readonly #listeners = new Set<() => void>();
  /** The other living processes, as of the last heartbeat. */
  #others: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    readonly redis: RedisConnection,
    readonly logger: Logger,
  ) {
    redis.onUp(() => void this.#enterAll());
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS);
    this.#timer.unref();
  }

  async enter(userId: UserId): Promise<boolean> {
    this.#own.add(userId);
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
    this.#own.delete(userId);
    return this.#change('srem', userId);
  }

  async findOnline(userIds: readonly UserId[]): Promise<Set<UserId>> {
    if (userIds.length === 0) return new Set();
    const found = await this.redis.commands.eval(
      FIND_ONLINE,
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
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    const { commands, processId, isUp } = this.redis;
    if (!isUp) return;
    await commands
      .multi()
      .del(this.redis.keys.onlineOf(processId))
      .zrem(this.redis.keys.processes, processId)
      .exec()
      .catch(() => undefined);
  }

  /** In one step: of two processes that enter the same user at once, exactly one is told that it is the first. */
  async #change(command: 'sadd' | 'srem', userId: UserId): Promise<boolean> {
    const { commands, processId } = this.redis;
    const args = [this.redis.keys.onlineOf(''), processId, command, userId, DEAD_AFTER_MS];
    return (await commands.eval(CHANGE, 1, this.redis.keys.processes, ...args)) === 0;
  }

  /** Says that this process lives, and learns which others do. */
  async #beat(): Promise<void> {
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
      const isForgotten = replies[1] === 0 && this.#own.size > 0;
      this.#learn((replies[3] as string[]).filter((id) => id !== processId));
      // This process slept longer than its set lives, or Redis was emptied.
      if (isForgotten) await this.#enterAll();
    } catch (error) {
      this.logger.debug({ err: error }, 'a heartbeat could not be written to Redis');
    }
  }

  #learn(others: string[]): void {
    const before = this.#others;
    this.#others = others;
    if (before.some((id) => !others.includes(id))) this.#doubt();
    // One that was taken for dead and goes on enters its users again without telling anybody.
    if (others.some((id) => !before.includes(id))) this.#doubtSoon();
  }

  async #enterAll(): Promise<void> {
    const { commands, processId } = this.redis;
    const own = [...this.#own].filter((userId) => !this.#entering.has(userId));
    try {
      const transaction = commands.multi();
      for (let from = 0; from < own.length; from += USERS_PER_COMMAND) {
        transaction.sadd(this.redis.keys.onlineOf(processId), ...own.slice(from, from + USERS_PER_COMMAND));
      }
      transaction.pexpire(this.redis.keys.onlineOf(processId), DEAD_AFTER_MS);
      await transaction.exec();
      await this.#beat();
    } catch (error) {
      this.logger.debug({ err: error }, 'the online users could not be written to Redis');
    }
    this.#doubtSoon();
  }

  #doubtSoon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#doubt(), SETTLE_MS).unref();
  }

  #doubt(): void {
    for (const listener of this.#listeners) listener();
  }

  async #redisTimeMs(): Promise<number> {
    const [seconds, micros] = await this.redis.commands.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }
}

/** The values of a transaction. @throws the first error in it. */
function valuesOf(replies: Reply[] | null): unknown[] {
  if (replies === null) throw new Error('the transaction was not run');
  return replies.map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
}
