import { LIMITS, type ConversationId, type OwnView, type UserId } from '../../../contract/index.js';
import type { ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import type { MessageModel } from '../models/messageModel.js';
import type { OwnChange, OwnStateModel } from '../models/ownStateModel.js';
import { AppError, notParticipant } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import type { Access } from './access.js';
import type { DatabaseTime } from './derived/databaseTime.js';
import type { Summaries } from './derived/summaries.js';
import type { WriteWatermark } from './derived/writeWatermark.js';
import type { Lookups } from './lookups.js';
import { isListed } from './ownState.js';
import { toOwnView } from './ownViews.js';
import type { Publisher } from './ports.js';
import { effectivePosition } from './present.js';
import type { Sight } from './safety/index.js';
import type { ReceiptService } from './receiptService.js';

interface OwnStateParts {
  sight: Pick<Sight, 'veiledCounts'>;
  ownStates: OwnStateModel;
  members: Pick<MemberModel, 'findOwn'>;
  messages: Pick<MessageModel, 'findTail'>;
  lookups: Pick<Lookups, 'conversations'>;
  access: Access;
  receipts: Pick<ReceiptService, 'advance'>;
  summaries: Pick<Summaries, 'overlay'>;
  watermark: WriteWatermark;
  time: DatabaseTime;
  publisher: Publisher;
  logger: Logger;
}

/** Who calls, and the socket that waits for the answer. */
interface Caller {
  userId: UserId;
  socketId?: string | undefined;
}

export interface Settings {
  pinned?: boolean | undefined;
  mutedUntil?: string | null | undefined;
  archived?: boolean | undefined;
  markedUnread?: boolean | undefined;
}

/**
 * What a person sets for themselves in a conversation: on their list, never in the log, and nobody else learns of it.
 * Their other devices hear it at once (`conversation:own`), and by `sync`.
 */
export class OwnStateService {
  readonly #parts: OwnStateParts;

  constructor(parts: OwnStateParts) {
    this.#parts = parts;
  }

  /** @throws AppError `NOT_PARTICIPANT`, `LIMIT_EXCEEDED` (too many pinned). */
  async set(caller: Caller, id: ConversationId, settings: Settings): Promise<OwnView> {
    const { access, members } = this.#parts;
    await access.requireMember(caller.userId, id);
    const { pinned, mutedUntil, archived, markedUnread } = settings;
    const [[own], record] = await Promise.all([members.findOwn(caller.userId, [id]), this.#find(id)]);
    // A second pin of the same keeps its place among the pinned.
    const pins = pinned === true && own?.pinnedAt === undefined;
    const written = await this.#write(caller, id, {
      ...(pinned === false && { pinned }),
      ...(pins && { pinned: true }),
      ...(mutedUntil !== undefined && { mutedUntil: mutedUntil === null ? null : new Date(mutedUntil) }),
      ...(archived !== undefined && { archived: archived && { n: (await this.#tailOf(record)).n } }),
      ...(markedUnread !== undefined && { markedUnread }),
    });
    if (pins) await this.#requirePlace(caller, written);
    return this.#answer(caller, written);
  }

  /** Hides everything said so far from the caller, and counts it as read. @throws AppError `NOT_PARTICIPANT`. */
  async clear(caller: Caller, id: ConversationId): Promise<OwnView> {
    const end = await this.#readToEnd(caller, id);
    return this.#answer(caller, await this.#write(caller, id, { cleared: end, markedUnread: false }));
  }

  /** The same, and takes it off the caller's list until a new message comes. @throws AppError `NOT_PARTICIPANT`. */
  async delete(caller: Caller, id: ConversationId): Promise<OwnView> {
    const end = await this.#readToEnd(caller, id);
    const change: OwnChange = {
      ...{ cleared: end, deleted: end },
      ...{ pinned: false, archived: false, markedUnread: false },
    };
    return this.#answer(caller, await this.#write(caller, id, change));
  }

  /**
   * Somebody's own state was changed by something else that they did: their devices hear what it is now. Does not wait;
   * should it fail, `sync` says the same.
   */
  tell(changed: readonly { conversationId: ConversationId; userId: UserId }[]): void {
    for (const { conversationId, userId } of changed) {
      void this.#parts.members
        .findOwn(userId, [conversationId])
        .then(([own]) => own && this.#answer({ userId }, own))
        .catch((error: unknown) => this.#parts.logger.warn({ err: error }, 'own state was not told'));
    }
  }

  async #readToEnd(caller: Caller, id: ConversationId): Promise<{ seq: number; n: number }> {
    await this.#parts.access.requireMember(caller.userId, id);
    const end = await this.#tailOf(await this.#find(id));
    if (end.seq > 0) {
      await this.#parts.receipts.advance(caller.userId, 'read', {
        ...{ conversationId: id, seq: end.seq, isUrgent: true },
      });
    }
    return end;
  }

  /** As the log has it: the summary may lag behind what the caller has seen. */
  async #tailOf({ _id, lastSeq }: ConversationRecord): Promise<{ seq: number; n: number }> {
    const tail = await this.#parts.messages.findTail(_id, lastSeq);
    return { seq: tail?.seq ?? 0, n: tail?.n ?? 0 };
  }

  async #find(id: ConversationId): Promise<ConversationRecord> {
    const [record] = await this.#parts.lookups.conversations.load([id]);
    if (record === undefined) throw notParticipant();
    return this.#parts.summaries.overlay(record);
  }

  #write({ userId }: Caller, id: ConversationId, change: OwnChange): Promise<MemberRecord> {
    return this.#parts.watermark.track(() => this.#parts.ownStates.update(id, userId, change));
  }

  /**
   * Asked after the pin is written: of two devices that take the last place at once, the later one sees both, and takes
   * its own back. What is not on the list any more (unmatched …) takes no place.
   */
  async #requirePlace(caller: Caller, own: MemberRecord): Promise<void> {
    const max = LIMITS.maxPinnedConversations;
    const pinned = await this.#parts.ownStates.findPinned(caller.userId, 2 * max);
    if (pinned.length <= max) return;
    const records = await this.#parts.lookups.conversations.load(
      pinned.map(({ conversationId }) => conversationId),
    );
    const byId = new Map(records.map((record) => [record._id, record]));
    const older = pinned.filter((other) => {
      const record = byId.get(other.conversationId);
      return record !== undefined && isListed(record, other) && isOlderPin(other, own);
    });
    if (older.length < max) return;
    await this.#write(caller, own.conversationId, { pinned: false });
    throw new AppError('LIMIT_EXCEEDED', `You may pin ${max} conversations.`);
  }

  async #answer(caller: Caller, own: MemberRecord): Promise<OwnView> {
    const conversation = await this.#find(own.conversationId);
    const reached = effectivePosition(conversation, new Map([[own.userId, own]]), own.userId);
    const counts = await this.#parts.sight.veiledCounts.unread(own.userId, [{ conversation, reached }]);
    const view = toOwnView(own, {
      ...{ conversation, reached, unread: counts.get(conversation._id) ?? 0 },
      now: this.#parts.time.now(),
    });
    this.#parts.publisher.toUsers(
      [caller.userId],
      { event: 'conversation:own', data: view },
      { exceptSocketId: caller.socketId },
    );
    return view;
  }
}

function isOlderPin(a: MemberRecord, b: MemberRecord): boolean {
  const [atA, atB] = [a.pinnedAt?.getTime() ?? 0, b.pinnedAt?.getTime() ?? 0];
  return (
    a.conversationId !== b.conversationId &&
    (atA < atB || (atA === atB && a.conversationId < b.conversationId))
  );
}
