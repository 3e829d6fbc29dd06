import { Redis } from 'ioredis';

/** Reads Redis directly, without a server. Use with `await using`. */
export class Inspector implements AsyncDisposable {
  readonly redis: Redis;

  constructor(
    url: string,
    readonly databaseName: string,
  ) {
    this.redis = new Redis(url);
  }

  /** Returns whether exactly this many processes have entered a user. */
  async hasOnline(userId: string, processes: number): Promise<boolean> {
    const keys = await this.redis.keys(`parley:${this.databaseName}:{presence}:online:*`);
    const flags = await Promise.all(keys.map((key) => this.redis.sismember(key, userId)));
    return flags.filter((flag) => flag === 1).length === processes;
  }

  /** Removes a user from every process that has entered them, without any notice. */
  async dropOnline(userId: string): Promise<void> {
    const keys = await this.redis.keys(`parley:${this.databaseName}:{presence}:online:*`);
    await Promise.all(keys.map((key) => this.redis.srem(key, userId)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.redis.disconnect();
    return Promise.resolve();
  }
}
