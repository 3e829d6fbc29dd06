import { z } from 'zod';
import {
  LIMITS,
  messageId,
  type ConversationId,
  type ListInput,
  type MessagePageAnswer,
  type MessageView,
  type PageInput,
  type UserId,
} from '../../../contract/index.js';
import type { MessageModel, MessageRecord } from '../models/messageModel.js';
import type { Access } from './access.js';
import { decodeCursor, encodeCursor } from './cursors.js';
import type { MessageViews } from './messageViews.js';
import type { MessageWindows } from './messageWindows.js';
import type { Visibility } from './visibility.js';

interface HistoryParts {
  messages: Pick<MessageModel, 'findRange' | 'findSettledRange' | 'findSince' | 'findTail' | 'findBySender'>;
  access: Access;
  views: MessageViews;
  windows: MessageWindows;
  visibility: Visibility;
}

const limitOf = (input: PageInput): number => input.limit ?? LIMITS.messagePageDefault;
const isNewest = ({ before, after, around }: PageInput): boolean =>
  before === undefined && after === undefined && around === undefined;

const ownCursor = z.tuple([messageId]);

/** What was said: pages of a conversation by `seq`, and everything one user wrote. */
export class HistoryService {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /**
   * A page of a conversation, oldest first. As `seq` has no gaps, every page is one bounded index range, as fast at
   * message 1 as at message 1,000,000.
   *
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async page(caller: UserId, id: ConversationId, input: PageInput): Promise<MessagePageAnswer> {
    const [entered, standing, newest] = await Promise.all([
      this.#parts.access.requireMember(caller, id),
      this.#parts.views.standing([id], caller),
      isNewest(input) ? this.#parts.windows.newest(id, limitOf(input)) : undefined,
    ]);
    const knownSeq = standing.conversations.get(id)?.lastSeq ?? 0;
    const [messages, tailSeq] = await Promise.all([
      newest ?? this.#read(id, input, knownSeq),
      this.#tailSeq(id, input, knownSeq),
    ]);
    if (newest === undefined && isNewest(input)) {
      this.#parts.windows.keep(id, { rev: standing.conversations.get(id)?.rev ?? 0, messages });
    }
    // Read behind a control entry that the check at the door had not seen: it may have shown the caller out.
    const isBehind = messages.some(({ control }) => control > entered.membership.control);
    const viewer = await this.#parts.visibility.viewerOf(
      caller,
      isBehind ? await this.#parts.access.requireMember(caller, id) : entered,
      { fromSeq: messages[0]?.seq ?? 0, toSeq: messages.at(-1)?.seq ?? 0 },
    );
    const last = messages.at(-1)?.seq ?? 0;
    const lastSeq = Math.max(tailSeq, last);
    const wanted = Math.max(input.after ?? 0, (input.before ?? 1) - 1, input.around ?? 0);
    return {
      messages: await this.#parts.views.presentFor(viewer, messages, standing),
      lastSeq,
      hasMore:
        input.after !== undefined
          ? last > 0 && last < lastSeq
          : (messages[0]?.seq ?? 1) > viewer.visibleFromSeq,
      ...(wanted > lastSeq && { reload: true }),
    };
  }

  /** Everything the caller wrote, newest first. @throws AppError `VALIDATION` for a foreign cursor. */
  async listOwn(caller: UserId, input: ListInput): Promise<{ messages: MessageView[]; nextCursor?: string }> {
    const limit = input.limit ?? LIMITS.conversationPageDefault;
    const beforeId = input.cursor === undefined ? undefined : decodeCursor(input.cursor, ownCursor)[0];
    const found = await this.#parts.messages.findBySender(caller, { beforeId, limit: limit + 1 });
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const ids = [...new Set(shown.map(({ conversationId }) => conversationId))];
    return {
      messages: await this.#parts.views.present(shown, await this.#parts.views.standing(ids, caller)),
      ...(found.length > limit && last !== undefined && { nextCursor: encodeCursor([last._id]) }),
    };
  }

  #read(id: ConversationId, input: PageInput, knownSeq: number): Promise<MessageRecord[]> {
    const { messages } = this.#parts;
    const limit = limitOf(input);
    // Strictly below the end that is known every place is taken: a hole there is the reader's, and can be told.
    const readRange = (from: number, to: number) =>
      to < knownSeq ? messages.findSettledRange(id, from, to) : messages.findRange(id, from, to);
    if (input.before !== undefined) return readRange(Math.max(1, input.before - limit), input.before - 1);
    if (input.after !== undefined) return readRange(input.after + 1, input.after + limit);
    if (input.around !== undefined) {
      const from = Math.max(1, input.around - Math.floor(limit / 2));
      return readRange(from, from + limit - 1);
    }
    return messages.findSince(id, Math.max(1, knownSeq - limit + 1), limit);
  }

  /** The end of the log itself, not of the summary that may lag; the newest page brings it along. */
  async #tailSeq(id: ConversationId, input: PageInput, knownSeq: number): Promise<number> {
    return isNewest(input) ? 0 : ((await this.#parts.messages.findTail(id, knownSeq))?.seq ?? 0);
  }
}
