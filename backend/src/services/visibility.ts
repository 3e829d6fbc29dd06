import type { ConversationId, UserId } from '../../../contract/index.js';
import type { HideModel } from '../models/hideModel.js';
import type { MemberModel } from '../models/memberModel.js';
import type { MessageRecord } from '../models/messageModel.js';
import type { Standing } from './access.js';
import type { BlockDirectory } from './safety/blockDirectory.js';

/** What one member may see of a conversation's log: the one judge for pages, changes, previews, search and receipts. */
export interface Viewer {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  /** The first place that they may look into. */
  readonly visibleFromSeq: number;
  sees(message: Pick<MessageRecord, 'seq' | 'senderId' | 'silent' | 'shadow' | 'kind'>): boolean;
}

interface VisibilityParts {
  members: Pick<MemberModel, 'findOwn'>;
  hides: Pick<HideModel, 'findRange' | 'findAmong'>;
  blocks: Pick<BlockDirectory, 'of'>;
}

/** What a viewer's sight follows from. */
export interface SightOf {
  userId: UserId;
  conversationId: ConversationId;
  type: Standing['membership']['type'];
  firstSeq: number;
  /** Whom the viewer has blocked. */
  blocked: ReadonlySet<UserId>;
  /** Places that the viewer has deleted for themselves. */
  hiddenSeqs: ReadonlySet<number>;
}

/**
 * In groups nothing is shown of what somebody says whom the viewer has blocked; a direct chat has ended with the block,
 * and what was said before stays. What was sent under a restriction is its sender's alone.
 */
export const toViewer = ({
  userId,
  conversationId,
  type,
  firstSeq,
  blocked,
  hiddenSeqs,
}: SightOf): Viewer => ({
  ...{ userId, conversationId, visibleFromSeq: firstSeq },
  sees: ({ seq, senderId, silent, shadow, kind }) =>
    seq >= firstSeq &&
    silent !== true &&
    !hiddenSeqs.has(seq) &&
    (shadow !== true || senderId === userId) &&
    (type === 'direct' || kind === 'system' || !blocked.has(senderId)),
});

export class Visibility {
  readonly #parts: VisibilityParts;

  constructor(parts: VisibilityParts) {
    this.#parts = parts;
  }

  /** A member as a viewer of these places; without them of the whole log. */
  async viewerOf(
    userId: UserId,
    { membership, visibleFromSeq }: Standing,
    places: Places = EVERYWHERE,
  ): Promise<Viewer> {
    const { conversationId, type } = membership;
    const [[own], hidden, { set: blocked }] = await Promise.all([
      this.#parts.members.findOwn(userId, [conversationId]),
      'seqs' in places
        ? this.#parts.hides.findAmong(userId, conversationId, places.seqs)
        : this.#parts.hides.findRange(userId, conversationId, places),
      this.#parts.blocks.of(userId),
    ]);
    const firstSeq = Math.max(visibleFromSeq, (own?.clearedSeq ?? 0) + 1);
    return toViewer({ userId, conversationId, type, firstSeq, blocked, hiddenSeqs: new Set(hidden) });
  }
}

/** A range of a log, its ends included, or some places of it. */
type Places = { fromSeq: number; toSeq: number } | { seqs: readonly number[] };

const EVERYWHERE: Places = { fromSeq: 0, toSeq: Number.MAX_SAFE_INTEGER };
