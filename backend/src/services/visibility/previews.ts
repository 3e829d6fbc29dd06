import type { ConversationId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { HideModel } from '../../models/hideModel.js';
import { toViewer, type VisibleRange, type Viewer } from './visibility.js';
import type { PersonalView } from './personalView.js';
import type { Restrictions } from './restrictions.js';

interface PreviewDeps {
  messages: Pick<MessageModel, 'findRange'>;
  hides: Pick<HideModel, 'findRange'>;
  restrictions: Pick<Restrictions, 'shadowOf'>;
  personal: Pick<PersonalView, 'preview'>;
}

/** Number of log entries searched for a preview. A conversation without a visible message among them has no preview. */
const MAX_LOOKBACK = 50;

interface PreviewRequest {
  conversation: ConversationRecord;
  /** Newest entry according to the summary. */
  newest: MessageRecord | undefined;
  visibleRange: Omit<VisibleRange, 'hiddenSeqs'>;
  /** Highest `seq` that the viewer has deleted for themselves. */
  lastHiddenSeq: number;
}

/** Finds the newest message that a viewer may see, where it is not the newest message of the conversation. */
export class Previews {
  readonly #deps: PreviewDeps;

  constructor(deps: PreviewDeps) {
    this.#deps = deps;
  }

  async find(requests: readonly PreviewRequest[]): Promise<Map<ConversationId, MessageRecord | undefined>> {
    const found = await Promise.all(
      requests.map(async (request) => {
        const viewer = toViewer({ ...request.visibleRange, hiddenSeqs: await this.#hiddenSeqs(request) });
        const message = await this.#findOne(request, viewer);
        const seen = message && (await this.#deps.personal.preview(viewer, message));
        return [request.conversation._id, seen] as const;
      }),
    );
    return new Map(found);
  }

  async #findOne(request: PreviewRequest, viewer: Viewer): Promise<MessageRecord | undefined> {
    const { conversation, newest, visibleRange } = request;
    const isSeen = newest !== undefined && viewer.sees(newest);
    const mayHaveNewer = conversation.lastSeq > conversation.lastMessageSeq && this.#mayHaveShadow(request);
    if ((isSeen && !mayHaveNewer) || (newest === undefined && !mayHaveNewer)) return newest;
    const toSeq = mayHaveNewer ? conversation.lastSeq : conversation.lastMessageSeq - 1;
    const fromSeq = Math.max(visibleRange.firstSeq, toSeq - MAX_LOOKBACK + 1);
    if (toSeq < fromSeq) return isSeen ? newest : undefined;
    const older = await this.#deps.messages.findRange(conversation._id, fromSeq, toSeq);
    return older.findLast((message) => viewer.sees(message)) ?? (isSeen ? newest : undefined);
  }

  /** Reads hidden messages only if the viewer may have deleted one of the newest messages for themselves. */
  async #hiddenSeqs({
    conversation,
    newest,
    visibleRange,
    lastHiddenSeq,
  }: PreviewRequest): Promise<ReadonlySet<number>> {
    if (newest === undefined || lastHiddenSeq < newest.seq) return NO_SEQS;
    const range = { fromSeq: newest.seq - MAX_LOOKBACK, toSeq: conversation.lastSeq };
    return new Set(await this.#deps.hides.findRange(visibleRange.userId, conversation._id, range));
  }

  /**
   * True when the viewer may have shadow messages after the newest message of the summary. Summaries do not include
   * shadow messages, but their sender sees them.
   */
  #mayHaveShadow({ conversation, visibleRange }: PreviewRequest): boolean {
    return (
      conversation.type === 'direct' || this.#deps.restrictions.shadowOf(visibleRange.userId) !== undefined
    );
  }
}

const NO_SEQS: ReadonlySet<number> = new Set();
