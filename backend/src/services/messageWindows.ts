import { LIMITS, type ConversationId } from '../../../contract/index.js';
import type { MessageModel, MessageRecord } from '../models/messageModel.js';
import type { ChangeModel } from '../models/changeModel.js';
import type { Metrics } from '../utils/metrics.js';
import type { WindowCache, WindowCopy } from './ports.js';

interface WindowParts {
  messages: Pick<MessageModel, 'findSince'>;
  changes: Pick<ChangeModel, 'findTail'>;
  cache: WindowCache;
  metrics: Pick<Metrics, 'windowReads'>;
}

/** Messages kept of a conversation: the page that every client opens with. */
const WINDOW_MESSAGES = LIMITS.messagePageDefault;

/**
 * The newest messages of conversations, from copies. A copy alone is never an answer: one bounded range of the log,
 * from the copy's last message on, is read each time. It brings that message again, so the copy is of this log, and
 * everything behind it, so the end is the log's end now. Beside it the end of the change log is read: a copy from before
 * any change is none. So what comes out is what the database would have answered.
 */
export class MessageWindows {
  readonly #parts: WindowParts;

  constructor(parts: WindowParts) {
    this.#parts = parts;
  }

  /** The last `limit` messages, oldest first; undefined when there is no copy that reaches far enough. */
  async newest(conversationId: ConversationId, limit: number): Promise<MessageRecord[] | undefined> {
    const { cache, metrics } = this.#parts;
    const copy = limit > WINDOW_MESSAGES ? undefined : await cache.read(conversationId);
    const merged = copy && (await this.#bringUpToDate(conversationId, copy, limit));
    metrics.windowReads.inc({ result: merged === undefined ? 'miss' : 'hit' });
    return merged;
  }

  /**
   * Keeps what was read from the log as its newest messages.
   *
   * @param rev a change up to which all were applied before the messages were read.
   */
  keep(conversationId: ConversationId, { rev, messages }: WindowCopy): void {
    if (messages.length === 0) return;
    this.#parts.cache.write(conversationId, { rev, messages: messages.slice(-WINDOW_MESSAGES) });
  }

  async #bringUpToDate(
    conversationId: ConversationId,
    { rev, messages: copy }: WindowCopy,
    limit: number,
  ): Promise<MessageRecord[] | undefined> {
    const { messages, changes } = this.#parts;
    const last = copy.at(-1);
    const first = copy[0];
    if (last === undefined || first === undefined || (copy.length < limit && first.seq > 1)) return undefined;
    const [since, tailRev] = await Promise.all([
      messages.findSince(conversationId, last.seq, WINDOW_MESSAGES),
      changes.findTail(conversationId, rev),
    ]);
    if (tailRev !== rev) return undefined;
    const [oldest] = since;
    // Another history (a restore), or so much news that nothing of the copy is left.
    if (oldest === undefined || (oldest.seq === last.seq && oldest._id !== last._id)) return undefined;
    const merged = [...copy.filter(({ seq }) => seq < oldest.seq), ...since].slice(-WINDOW_MESSAGES);
    if (!isWithoutHole(merged)) return undefined;
    if (since.length > 1) this.keep(conversationId, { rev, messages: merged });
    return merged.slice(-limit);
  }
}

const isWithoutHole = (messages: readonly MessageRecord[]): boolean =>
  messages.every(({ seq }, index) => index === 0 || seq === (messages[index - 1]?.seq ?? 0) + 1);
