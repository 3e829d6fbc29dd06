import { z } from 'zod';
import type { ConversationId } from '../../../contract/index.js';
import { messageRecord, type MessageRecord } from '../models/messageDocument.js';
import type { WindowCache } from '../services/ports.js';
import type { Logger } from '../utils/logger.js';
import type { RedisConnection } from './connection.js';

/** Windows of conversations that nobody reads go after this long, in ms. */
const TTL_MS = 300_000;

const window = z.array(messageRecord);

/** The newest messages of conversations, in Redis, for all processes. Whatever it cannot answer counts as not there. */
export class RedisWindowCache implements WindowCache {
  constructor(
    readonly redis: RedisConnection,
    readonly logger: Logger,
  ) {}

  async read(conversationId: ConversationId): Promise<MessageRecord[] | undefined> {
    if (!this.redis.isUp) return undefined;
    try {
      const text = await this.redis.commands.get(this.redis.keys.windowOf(conversationId));
      return text === null ? undefined : window.parse(JSON.parse(text));
    } catch (error) {
      this.logger.debug({ err: error }, 'a window could not be read');
      return undefined;
    }
  }

  write(conversationId: ConversationId, messages: readonly MessageRecord[]): void {
    if (!this.redis.isUp) return;
    this.redis.commands
      .set(this.redis.keys.windowOf(conversationId), JSON.stringify(messages), 'PX', TTL_MS)
      .catch((error: unknown) => this.logger.debug({ err: error }, 'a window could not be kept'));
  }
}
