import { LIMITS, type ConversationId } from '../../../../contract/index.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { Metrics } from '../../utils/metrics.js';
import type { WindowCache, WindowCopy } from '../ports.js';

interface WindowDeps {
  messages: Pick<MessageModel, 'findSince'>;
  cache: WindowCache;
  metrics: Pick<Metrics, 'windowReads'>;
}

/** Number of messages cached per conversation: one default page, which clients load first. */
const WINDOW_MESSAGES = LIMITS.messagePageDefault;

/**
 * Serves the newest messages of conversations from cached copies. A copy is always verified first: one query reads
 * the log from the copy's last message on. That message proves that the copy belongs to this log, and later messages
 * extend it to the current end. A copy from before the last change that is applied to the messages (`rev` of the
 * conversation) is not used. The result equals what the database would return.
 */
export class RecentWindows {
  readonly #deps: WindowDeps;

  constructor(deps: WindowDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the last `limit` messages, oldest first; undefined if no copy is long enough or up to date.
   *
   * @param findRev reads the `rev` of the conversation; called if there is a copy.
   */
  async newest(
    conversationId: ConversationId,
    limit: number,
    findRev: () => Promise<number>,
  ): Promise<MessageRecord[] | undefined> {
    const { cache, metrics } = this.#deps;
    const copy = limit > WINDOW_MESSAGES ? undefined : await cache.read(conversationId);
    const merged = copy && (await this.#update(conversationId, copy, { limit, findRev }));
    metrics.windowReads.inc({ result: merged === undefined ? 'miss' : 'hit' });
    return merged;
  }

  /**
   * Caches the newest messages read from the log.
   *
   * @param rev change up to which all were applied before the messages were read.
   */
  store(conversationId: ConversationId, { rev, messages }: WindowCopy): void {
    if (messages.length === 0) return;
    this.#deps.cache.write(conversationId, { rev, messages: messages.slice(-WINDOW_MESSAGES) });
  }

  async #update(
    conversationId: ConversationId,
    { rev, messages: copy }: WindowCopy,
    { limit, findRev }: { limit: number; findRev: () => Promise<number> },
  ): Promise<MessageRecord[] | undefined> {
    const { messages } = this.#deps;
    const last = copy.at(-1);
    const first = copy[0];
    if (last === undefined || first === undefined || (copy.length < limit && first.seq > 1)) return undefined;
    const [since, appliedRev] = await Promise.all([
      messages.findSince(conversationId, last.seq, WINDOW_MESSAGES),
      findRev(),
    ]);
    if (appliedRev !== rev) return undefined;
    const [oldest] = since;
    // The log was restored from a backup, or it has so many new messages that the copy is of no use.
    if (oldest === undefined || (oldest.seq === last.seq && oldest._id !== last._id)) return undefined;
    const merged = [...copy.filter(({ seq }) => seq < oldest.seq), ...since].slice(-WINDOW_MESSAGES);
    if (!isContiguous(merged)) return undefined;
    if (since.length > 1) this.store(conversationId, { rev, messages: merged });
    return merged.slice(-limit);
  }
}

const isContiguous = (messages: readonly MessageRecord[]): boolean =>
  messages.every(({ seq }, index) => index === 0 || seq === (messages[index - 1]?.seq ?? 0) + 1);
