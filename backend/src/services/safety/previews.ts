import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { UserDirectory } from '../userDirectory.js';
import type { HideModel } from '../../models/hideModel.js';
import { toViewer, type SightOf } from '../visibility.js';

interface PreviewParts {
  messages: Pick<MessageModel, 'findRange'>;
  hides: Pick<HideModel, 'findRange'>;
  users: Pick<UserDirectory, 'isRestricted'>;
}

/** How far back a preview is looked for; a conversation with nothing to be seen in there shows none. */
const MAX_BACK = 50;

interface Wanted {
  conversation: ConversationRecord;
  /** The newest entry that history shows. */
  newest: MessageRecord | undefined;
  sight: Omit<SightOf, 'hiddenSeqs'>;
  /** The furthest place that the viewer has deleted for themselves. */
  lastHiddenSeq: number;
}

/** The newest message that a viewer may see, where that is not the newest of all. */
export class Previews {
  readonly #parts: PreviewParts;

  constructor(parts: PreviewParts) {
    this.#parts = parts;
  }

  async find(wanted: readonly Wanted[]): Promise<Map<ConversationId, MessageRecord | undefined>> {
    const found = await Promise.all(
      wanted.map(async (one) => [one.conversation._id, await this.#findOne(one)] as const),
    );
    return new Map(found);
  }

  async #findOne(wanted: Wanted): Promise<MessageRecord | undefined> {
    const { conversation, newest, sight } = wanted;
    const hidden = await this.#hiddenSeqs(wanted);
    const viewer = toViewer({ ...sight, hiddenSeqs: hidden });
    const isSeen = newest !== undefined && viewer.sees(newest);
    const hasMore = conversation.lastSeq > conversation.lastMessageSeq && this.#writesInShadow(sight.userId);
    if ((isSeen && !hasMore) || (newest === undefined && !hasMore)) return newest;
    const toSeq = hasMore ? conversation.lastSeq : conversation.lastMessageSeq - 1;
    const fromSeq = Math.max(sight.firstSeq, toSeq - MAX_BACK + 1);
    if (toSeq < fromSeq) return isSeen ? newest : undefined;
    const range = await this.#parts.messages.findRange(conversation._id, fromSeq, toSeq);
    return range.findLast((message) => viewer.sees(message)) ?? (isSeen ? newest : undefined);
  }

  /** Asked for only where the newest messages may be among what the viewer has deleted for themselves. */
  async #hiddenSeqs({ conversation, newest, sight, lastHiddenSeq }: Wanted): Promise<ReadonlySet<number>> {
    if (newest === undefined || lastHiddenSeq < newest.seq) return NONE;
    const range = { fromSeq: newest.seq - MAX_BACK, toSeq: conversation.lastSeq };
    return new Set(await this.#parts.hides.findRange(sight.userId, conversation._id, range));
  }

  /** What they write is in nobody's summary, and they see it all the same. */
  #writesInShadow(userId: UserId): boolean {
    return this.#parts.users.isRestricted(userId);
  }
}

const NONE: ReadonlySet<number> = new Set();
