import { LIMITS, type ConversationId, type SettingsView, type UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { SettingsChange, MemberSettingsModel } from '../../models/memberSettingsModel.js';
import { AppError, notParticipant } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import type { Access } from '../membership/index.js';
import type { DatabaseTime, WriteWatermark, Lookups } from '../runtime/index.js';
import type { Summaries } from '../derived/index.js';
import { isListed, toSettingsView } from '../views/index.js';
import type { Publisher } from '../ports.js';
import { effectivePosition } from '../positions/index.js';
import type { ViewerRules } from '../visibility/index.js';
import type { ReceiptService } from '../receipts/index.js';

interface SettingsDeps {
  viewerRules: Pick<ViewerRules, 'redactedCounts'>;
  memberSettings: MemberSettingsModel;
  members: Pick<MemberModel, 'findByUser'>;
  messages: Pick<MessageModel, 'findTail'>;
  lookups: Pick<Lookups, 'conversations'>;
  access: Access;
  receipts: Pick<ReceiptService, 'advance' | 'settle'>;
  summaries: Pick<Summaries, 'overlay'>;
  watermark: WriteWatermark;
  time: DatabaseTime;
  publisher: Publisher;
  logger: Logger;
}

/** The caller, and the socket that receives the answer and so needs no push. */
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
 * Settings of a member in a conversation. They are stored outside of the log and not visible to other members. The member's
 * other devices get them by `conversation:settings`, and by `sync`.
 */
export class SettingsService {
  readonly #deps: SettingsDeps;

  constructor(deps: SettingsDeps) {
    this.#deps = deps;
  }

  /** @throws AppError `NOT_PARTICIPANT`, `LIMIT_EXCEEDED` (too many pinned). */
  async update(caller: Caller, id: ConversationId, settings: Settings): Promise<SettingsView> {
    const { access, members, receipts } = this.#deps;
    await access.requireMember(caller.userId, id);
    const { pinned, mutedUntil, archived, markedUnread } = settings;
    // Reading clears the mark: what was read before must not clear it later.
    if (markedUnread === true) await receipts.settle(caller.userId, id);
    const [[own], record] = await Promise.all([members.findByUser(caller.userId, [id]), this.#find(id)]);
    // Pinning a pinned conversation again keeps its position among the pinned ones.
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

  /** Hides all messages so far from the caller and counts them as read. @throws AppError `NOT_PARTICIPANT`. */
  async clear(caller: Caller, id: ConversationId): Promise<SettingsView> {
    const end = await this.#readToEnd(caller, id);
    return this.#answer(caller, await this.#write(caller, id, { cleared: end, markedUnread: false }));
  }

  /** Clears, and removes the conversation from the caller's list until a new message. @throws AppError `NOT_PARTICIPANT`. */
  async delete(caller: Caller, id: ConversationId): Promise<SettingsView> {
    const end = await this.#readToEnd(caller, id);
    const change: SettingsChange = {
      cleared: end,
      deleted: end,
      pinned: false,
      archived: false,
      markedUnread: false,
    };
    return this.#answer(caller, await this.#write(caller, id, change));
  }

  /**
   * Pushes the current settings to the devices of users whose settings another command changed. Does not wait. When it
   * fails, `sync` brings them.
   */
  notify(changed: readonly { conversationId: ConversationId; userId: UserId }[]): void {
    for (const { conversationId, userId } of changed) {
      void this.#deps.members
        .findByUser(userId, [conversationId])
        .then(([own]) => own && this.#answer({ userId }, own))
        .catch((error: unknown) => this.#deps.logger.warn({ err: error }, 'settings were not published'));
    }
  }

  async #readToEnd(caller: Caller, id: ConversationId): Promise<{ seq: number; n: number }> {
    await this.#deps.access.requireMember(caller.userId, id);
    const end = await this.#tailOf(await this.#find(id));
    if (end.seq > 0) {
      await this.#deps.receipts.advance(caller.userId, 'read', {
        conversationId: id,
        seq: end.seq,
        isUrgent: true,
      });
    }
    return end;
  }

  /** End of the log. The summary may lag behind what the caller has seen. */
  async #tailOf({ _id, lastSeq }: ConversationRecord): Promise<{ seq: number; n: number }> {
    const tail = await this.#deps.messages.findTail(_id, lastSeq);
    return { seq: tail?.seq ?? 0, n: tail?.n ?? 0 };
  }

  async #find(id: ConversationId): Promise<ConversationRecord> {
    const [record] = await this.#deps.lookups.conversations.load([id]);
    if (record === undefined) throw notParticipant();
    return this.#deps.summaries.overlay(record);
  }

  #write({ userId }: Caller, id: ConversationId, change: SettingsChange): Promise<MemberRecord> {
    return this.#deps.watermark.track(() => this.#deps.memberSettings.update(id, userId, change));
  }

  /**
   * Checks the limit after the pin is written. When two devices take the last place at once, the later one sees both pins
   * and removes its own. Conversations that are no longer on the list (unmatched, for example) do not count.
   */
  async #requirePlace(caller: Caller, own: MemberRecord): Promise<void> {
    const max = LIMITS.maxPinnedConversations;
    const pinned = await this.#deps.memberSettings.findPinned(caller.userId, 2 * max);
    if (pinned.length <= max) return;
    const records = await this.#deps.lookups.conversations.load(
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

  async #answer(caller: Caller, own: MemberRecord): Promise<SettingsView> {
    const conversation = await this.#find(own.conversationId);
    const reached = effectivePosition(conversation, new Map([[own.userId, own]]), own.userId);
    const counts = await this.#deps.viewerRules.redactedCounts.unread(own.userId, [
      { conversation, reached },
    ]);
    const view = toSettingsView(own, {
      conversation,
      reached,
      unread: counts.get(conversation._id) ?? 0,
      now: this.#deps.time.now(),
    });
    this.#deps.publisher.toUsers(
      [caller.userId],
      { event: 'conversation:settings', data: view },
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
