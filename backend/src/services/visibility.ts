import type { ConversationId, UserId } from '../../../contract/index.js';
import type { HideModel } from '../models/hideModel.js';
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
  hides: Pick<HideModel, 'findRange'>;
}

export class Visibility {
  readonly #parts: VisibilityParts;

  constructor(parts: VisibilityParts) {
    this.#parts = parts;
  }

  /** A member as a viewer of places `fromSeq` … `toSeq`; without them of the whole log. */
  async viewerOf(
    userId: UserId,
    { membership, visibleFromSeq }: Standing,
    range: { fromSeq: number; toSeq: number } = EVERYWHERE,
  ): Promise<Viewer> {
    const { conversationId } = membership;
    const [[own], hidden] = await Promise.all([
      this.#parts.members.findOwn(userId, [conversationId]),
      this.#parts.hides.findRange(userId, conversationId, range),
    ]);
    const firstSeq = Math.max(visibleFromSeq, (own?.clearedSeq ?? 0) + 1);
    const hiddenSeqs = new Set(hidden);
    return {
      ...{ userId, conversationId, visibleFromSeq: firstSeq },
      sees: ({ seq, silent }) => seq >= firstSeq && silent !== true && !hiddenSeqs.has(seq),
    };
  }
}

const EVERYWHERE = { fromSeq: 0, toSeq: Number.MAX_SAFE_INTEGER };
