import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import { unreadCount, type Reached } from '../present.js';
import type { BlockDirectory } from './blockDirectory.js';

interface CountParts {
  messages: Pick<MessageModel, 'countOf'>;
  blocks: Pick<BlockDirectory, 'of'>;
}

interface Counted {
  conversation: Pick<ConversationRecord, '_id' | 'type' | 'lastSeq' | 'messageCount'>;
  reached: Pick<Reached, 'readSeq' | 'readN' | 'hiddenNs'>;
}

/**
 * What a viewer has not read: in groups without the messages of those whom they have blocked. Others pay nothing for
 * that; who has blocked somebody pays for what they have not read.
 */
export class VeiledCounts {
  readonly #parts: CountParts;

  constructor(parts: CountParts) {
    this.#parts = parts;
  }

  /** Unread messages by conversation. */
  async unread(viewer: UserId, counted: readonly Counted[]): Promise<ReadonlyMap<ConversationId, number>> {
    const { set } = await this.#parts.blocks.of(viewer);
    const counts = await Promise.all(
      counted.map(async ({ conversation, reached }) => {
        const all = unreadCount(conversation, reached);
        if (all === 0 || set.size === 0 || conversation.type === 'direct')
          return [conversation._id, all] as const;
        const range = { afterSeq: reached.readSeq, toSeq: conversation.lastSeq, exceptNs: reached.hiddenNs };
        const veiled = await this.#parts.messages.countOf(conversation._id, [...set], range);
        return [conversation._id, Math.max(0, all - veiled)] as const;
      }),
    );
    return new Map(counts);
  }
}
