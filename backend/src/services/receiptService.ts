import type { ConversationId, PositionInput, PositionView, UserId } from '../../../contract/index.js';
import type { ConversationModel } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import type { MessageModel } from '../models/messageModel.js';
import type { OwnStateModel } from '../models/ownStateModel.js';
import type { ReceiptModel } from '../models/receiptModel.js';
import { AppError, notParticipant } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import type { Access } from './access.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Summaries } from './derived/summaries.js';
import type { WriteWatermark } from './derived/writeWatermark.js';
import { effectivePosition, toPositionView } from './present.js';
import {
  byConversation,
  countReads,
  cutToTail,
  isAhead,
  toMove,
  toReceipts,
  type Move,
  type Report,
} from './receipts/move.js';
import { PositionQueue, type Waiting } from './receipts/positionQueue.js';
import { ReceiptNews, type NewsParts } from './receipts/receiptNews.js';
import type { Sight } from './safety/index.js';

/** How long a conversation rests after a write of positions, in ms. */
export interface ReceiptWindows {
  smallMs: number;
  /** Of large groups and channels. */
  largeMs: number;
}

interface ReceiptParts extends Omit<NewsParts, 'messages' | 'discretion'> {
  conversations: Pick<ConversationModel, 'findByIds' | 'clearUnread'>;
  members: Pick<MemberModel, 'advance' | 'findOf' | 'findPairs'>;
  messages: NewsParts['messages'] & Pick<MessageModel, 'findSeq' | 'findTail' | 'findCounts'>;
  receipts: Pick<ReceiptModel, 'insert'>;
  access: Access;
  sight: Pick<Sight, 'discretion' | 'veiledCounts'>;
  summaries: Summaries;
  watermark: WriteWatermark;
  time: DatabaseTime;
  ownStates: Pick<OwnStateModel, 'clearMarks'>;
  windows: ReceiptWindows;
  /** These have read what they had marked as unread. */
  onUnmarked: (marked: readonly { conversationId: ConversationId; userId: UserId }[]) => void;
  logger: Logger;
}

/** Positions (of different people or conversations) that may wait for their write. */
const MAX_WAITING = 20_000;
const positionKey = ({ conversationId, userId }: { conversationId: string; userId: string }): string =>
  `${conversationId}${userId}`;

const further = (known: Report, more: Report): Report => ({
  ...more,
  readSeq: Math.max(known.readSeq, more.readSeq),
  deliveredSeq: Math.max(known.deliveredSeq, more.deliveredSeq),
});

/**
 * How far each member has come, and in direct chats and small groups what they read and got when. Positions are
 * gathered (`receipts/positionQueue.ts`) and answered after the write.
 */
export class ReceiptService {
  readonly #parts: ReceiptParts;
  readonly #news: ReceiptNews;
  readonly #queue: PositionQueue<Report, PositionView>;
  #clearing: Promise<void> = Promise.resolve();

  constructor(parts: ReceiptParts) {
    this.#parts = parts;
    this.#news = new ReceiptNews({ ...parts, discretion: parts.sight.discretion });
    this.#queue = new PositionQueue({
      merge: further,
      windowMs: ({ isLarge }) => (isLarge ? parts.windows.largeMs : parts.windows.smallMs),
      write: (batch) => this.#write(batch),
      maxWaiting: MAX_WAITING,
    });
  }

  /**
   * Everything up to a place has reached the caller, or was read by them. A place beyond the end is cut to it.
   *
   * @param options.isUrgent something else waits for it: no window is kept.
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND` (no such message in this conversation), `UNAVAILABLE`.
   */
  async advance(
    caller: UserId,
    kind: 'read' | 'delivered',
    { isUrgent = false, ...input }: PositionInput & { isUrgent?: boolean },
  ): Promise<PositionView> {
    const { conversationId } = input;
    const { membership } = await this.#parts.access.requireRecentMember(caller, conversationId);
    const seq = input.seq ?? (await this.#seqOf(input));
    const report: Report = {
      ...{ conversationId, userId: caller, type: membership.type, isLarge: membership.isApart },
      readSeq: kind === 'read' ? seq : 0,
      // Known when it is written.
      readN: 0,
      deliveredSeq: seq,
    };
    return this.#queue.add(report, { isUrgent });
  }

  /** Resolves when everything taken in is written; no window is kept from now on. */
  async drain(): Promise<void> {
    await this.#queue.drain();
    await this.#clearing;
  }

  async #seqOf({ conversationId, messageId }: PositionInput): Promise<number> {
    const seq = messageId && (await this.#parts.messages.findSeq(conversationId, messageId));
    if (seq === undefined) throw new AppError('NOT_FOUND', 'There is no such message in this conversation.');
    return seq;
  }

  async #write(batch: readonly Waiting<Report, PositionView>[]): Promise<void> {
    const { messages, members, receipts, watermark, time } = this.#parts;
    const found = await this.#toMoves(batch);
    const moves = found.map(({ move }) => move);
    await cutToTail(messages, moves);
    await countReads(messages, moves);
    const news = moves.filter(isAhead);
    if (news.length > 0) {
      const at = time.now();
      // What is read is read when the position says so: nobody's is stored before its time is.
      await receipts.insert(news.flatMap((move) => toReceipts(move, at)));
      await watermark.track(() => members.advance(news));
    }
    await this.#clearMarks(moves);
    await Promise.all(
      found.map(async ({ move, resolve }) => {
        const view = await this.#viewOf(move);
        if (news.includes(move)) this.#news.tell(move, view);
        resolve(view);
      }),
    );
    this.#news.tellCounts(news);
    // Beside the next write, which need not wait for it; the one behind that does.
    await this.#clearing;
    this.#clearing = this.#clearUnread(news);
  }

  async #toMoves(
    batch: readonly Waiting<Report, PositionView>[],
  ): Promise<{ move: Move; resolve: (view: PositionView) => void }[]> {
    const { conversations, summaries } = this.#parts;
    const reports = batch.map(({ item }) => item);
    const [own, stored] = await Promise.all([
      this.#findOwn(reports),
      conversations.findByIds([...byConversation(reports).keys()]),
    ]);
    const records = new Map(stored.map((record) => [record._id, summaries.overlay(record)]));
    return batch.flatMap(({ item, resolve, reject }) => {
      const record = records.get(item.conversationId);
      if (record !== undefined) return [{ move: toMove(item, record, own.get(positionKey(item))), resolve }];
      reject(notParticipant());
      return [];
    });
  }

  /** Of the pairs in one query; of a group, which may have many members, those who report. */
  async #findOwn(reports: readonly Report[]): Promise<Map<string, MemberRecord>> {
    const { members } = this.#parts;
    const direct = byConversation(reports.filter(({ type }) => type === 'direct'));
    const groups = byConversation(reports.filter(({ type }) => type !== 'direct'));
    const found = await Promise.all([
      members.findOf([...direct.keys()]),
      ...[...groups].map(([id, some]) =>
        members.findPairs(
          id,
          some.map(({ userId }) => userId),
        ),
      ),
    ]);
    return new Map(found.flat().map((member) => [positionKey(member), member]));
  }

  /** Who reads has not marked it as unread any more; their other devices hear so. */
  async #clearMarks(moves: readonly Move[]): Promise<void> {
    const marked = moves
      .filter(({ readSeq, known }) => readSeq > 0 && known?.markedUnread === true)
      .map(({ conversationId, userId }) => ({ conversationId, userId }));
    if (marked.length === 0) return;
    await this.#parts.watermark.track(() => this.#parts.ownStates.clearMarks(marked));
    this.#parts.onUnmarked(marked);
  }

  async #viewOf(move: Move): Promise<PositionView> {
    const { record, known, userId } = move;
    const now = {
      ...known,
      lastReadSeq: Math.max(move.readSeq, known?.lastReadSeq ?? 0),
      lastReadN: Math.max(move.readN, known?.lastReadN ?? 0),
      lastDeliveredSeq: Math.max(move.deliveredSeq, known?.lastDeliveredSeq ?? 0),
    };
    const reached = effectivePosition(record, new Map([[userId, now]]), userId);
    const counted = await this.#parts.sight.veiledCounts.unread(userId, [{ conversation: record, reached }]);
    const at = this.#parts.time.now();
    return toPositionView({ ...move, at }, reached, counted.get(record._id) ?? 0);
  }

  /** Who has read to the end leaves the superset behind totals; should this fail, totals are only slower. */
  async #clearUnread(news: readonly Move[]): Promise<void> {
    const reads = news.filter(
      ({ readSeq, record }) => readSeq > 0 && readSeq >= record.lastSeq && record.apart !== true,
    );
    if (reads.length === 0) return;
    try {
      await this.#parts.conversations.clearUnread(reads);
    } catch (error) {
      this.#parts.logger.warn({ err: error }, 'maybeUnread could not be cleared');
    }
  }
}
