import { z } from 'zod';
import type { ConversationId } from '../../../contract/index.js';
import { messageRecord } from '../models/messageDocument.js';
import type { WindowCache, WindowCopy } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { RedisConnection } from './connection.js';

/** Time after the last write until an entry expires, in ms. */
const TTL_MS = 300_000;

const window = z.tuple([
  z.coerce.number().int(),
  z.string().transform((text) => z.array(messageRecord).parse(JSON.parse(text))),
]);

/** Stores a copy unless a newer copy or removal is present. Without messages it records a removal. */
const PUT_SCRIPT = `
local kept = redis.call('hget', KEYS[1], 'rev')
if kept and tonumber(kept) > tonumber(ARGV[1]) then return 0 end
redis.call('hset', KEYS[1], 'rev', ARGV[1])
if ARGV[3] then redis.call('hset', KEYS[1], 'messages', ARGV[3]) else redis.call('hdel', KEYS[1], 'messages') end
redis.call('pexpire', KEYS[1], ARGV[2])
return 1`;

/** `WindowCache` in Redis, shared by all processes. When Redis fails, entries count as missing. */
export class RedisWindowCache implements WindowCache {
  constructor(
    readonly redis: RedisConnection,
    readonly logger: Logger,
  ) {}

  async read(conversationId: ConversationId): Promise<WindowCopy | undefined> {
    if (!this.redis.isUp) return undefined;
    try {
      const key = this.redis.keys.windowOf(conversationId);
      const [rev, text] = await this.redis.commands.hmget(key, 'rev', 'messages');
      if (typeof text !== 'string') return undefined;
      const [asOf, messages] = window.parse([rev, text]);
      return { rev: asOf, messages };
    } catch (error) {
      this.logger.debug({ err: error }, 'a cached window could not be read');
      return undefined;
    }
  }

  write(conversationId: ConversationId, { rev, messages }: WindowCopy): void {
    void this.#put(conversationId, [String(rev), String(TTL_MS), JSON.stringify(messages)]);
  }

  remove(conversationId: ConversationId, rev: number): Promise<void> {
    return this.#put(conversationId, [String(rev), String(TTL_MS)]);
  }

  async #put(conversationId: ConversationId, args: string[]): Promise<void> {
    if (!this.redis.isUp) return;
    try {
      await this.redis.commands.eval(PUT_SCRIPT, 1, this.redis.keys.windowOf(conversationId), ...args);
    } catch (error) {
      this.logger.debug({ err: error }, 'a cached window could not be written or removed');
    }
  }
}
