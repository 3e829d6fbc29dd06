import type { ConversationId, UserId } from '../../../contract/index.js';
import type { MemberModel } from '../models/memberModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import type { Standing } from './access.js';

/** What one member may see of a conversation's log: the one judge for pages, changes, previews, search and receipts. */
export interface Viewer {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  /** The first place that they may look into. */
  readonly visibleFromSeq: number;
  sees(message: Pick<MessageRecord, 'seq' | 'senderId' | 'silent'>): boolean;
}

interface VisibilityParts {
  members: Pick<MemberModel, 'findOwn'>;
}

export class Visibility {
  readonly #parts: VisibilityParts;

  constructor(parts: VisibilityParts) {
    this.#parts = parts;
  }

  /** A member as a viewer of places `fromSeq` … `toSeq`. */
  async viewerOf(userId: UserId, { membership, visibleFromSeq }: Standing): Promise<Viewer> {
    const { conversationId } = membership;
    const [own] = await this.#parts.members.findOwn(userId, [conversationId]);
    const firstSeq = Math.max(visibleFromSeq, (own?.clearedSeq ?? 0) + 1);
    return {
      ...{ userId, conversationId, visibleFromSeq: firstSeq },
      sees: ({ seq, silent }) => seq >= firstSeq && silent !== true,
    };
  }
}
