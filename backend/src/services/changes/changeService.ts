import { hash } from 'node:crypto';
import type { ConversationId, SettingsView, ShownChangeView, UserId } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { HideModel } from '../../models/hideModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { Moderation } from '../moderation/index.js';
import { notParticipant, unavailable } from '../../utils/appError.js';
import { SharedDeadline } from '../../utils/deadline.js';
import type { Access } from '../membership/index.js';
import type { DatabaseTime, WriteWatermark } from '../runtime/index.js';
import { type MessageViews, toSettingsView } from '../views/index.js';
import type { Publisher } from '../ports.js';
import type { Acquaintance, ViewerRules, Viewer, Visibility } from '../visibility/index.js';
import { effectivePosition } from '../positions/index.js';
import { toChangeView, toUnchangedView } from './changeViews.js';
import type { Changed, ChangeRequest } from './change.js';
import type { ChangeLog } from './changeLog.js';
import { noSuchMessage } from './authorizeChange.js';

export interface ChangeServiceDeps {
  changeLog: ChangeLog;
  access: Access;
  moderation: Moderation;
  visibility: Visibility;
  views: MessageViews;
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  hides: HideModel;
  members: Pick<MemberModel, 'findByUser'>;
  acquaintance: Pick<Acquaintance, 'isBlocked' | 'hasHiddenBlock'>;
  viewerRules: Pick<ViewerRules, 'redactedCounts'>;
  time: DatabaseTime;
  watermark: WriteWatermark;
  publisher: Publisher;
  /** Time after which a change is answered with `UNAVAILABLE`, in ms. The change itself stays queued. */
  sendTimeoutMs: number;
}

/** Identifies a message by its position. */
export interface MessageRef {
  conversationId: ConversationId;
  seq: number;
}

interface Caller {
  userId: UserId;
  socketId?: string | undefined;
}

/** Changes messages after they were sent: edits, reactions, pins and deletions. */
export class ChangeService {
  readonly #deps: ChangeServiceDeps;
  readonly #deadline: SharedDeadline;

  constructor(deps: ChangeServiceDeps) {
    this.#deps = deps;
    this.#deadline = new SharedDeadline(deps.sendTimeoutMs);
  }

  /**
   * Edits, reacts or pins. The change is stored, applied to the message, pushed to the members, and then answered. If
   * the message is in the requested state already, nothing is stored.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`, `FORBIDDEN`, `BLOCKED`, `LIMIT_EXCEEDED`, `REJECTED`, `UNAVAILABLE` (safe to
   * repeat), `INTERNAL`.
   */
  async change(
    caller: Caller,
    ref: MessageRef,
    request: ChangeRequest,
  ): Promise<{ change: ShownChangeView }> {
    const { views, time } = this.#deps;
    await this.#admit(caller.userId, ref);
    const unchangedView = await this.#answerIfBlockHidden(caller.userId, ref, request);
    if (unchangedView !== undefined) return { change: unchangedView };
    const changed = await this.#appendReviewed(caller, ref, request);
    const loaded = changed.loaded ?? (await views.loadConversations([ref.conversationId]));
    const context = await views.contextFor(caller.userId, loaded);
    const { viewer, reactions } = changed;
    if (viewer === undefined) throw notParticipant();
    const [message] = await views.presentFor(viewer, [changed.message], { ...context, reactions });
    if (message === undefined) throw noSuchMessage();
    return {
      change:
        changed.change === undefined || message.kind === 'hidden'
          ? toUnchangedView(message, { rev: changed.rev, by: caller.userId, request, at: time.now() })
          : toChangeView(changed.change, message),
    };
  }

  /** Deletes a message for everyone. @throws as `change`. */
  async deleteForEveryone(caller: Caller, ref: MessageRef): Promise<MessageRef & { rev: number }> {
    await this.#admit(caller.userId, ref);
    const { rev } = await this.#append(caller, ref, { kind: 'delete' });
    return { ...ref, rev };
  }

  /** Deletes a message for the caller only, on all of their devices. @throws `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async deleteForMe({ userId, socketId }: Caller, ref: MessageRef): Promise<MessageRef & { rev: number }> {
    const { conversationId, seq } = ref;
    const { hides, watermark, publisher } = this.#deps;
    const { message, viewer } = await this.#find(userId, ref);
    if (!viewer.sees(message)) {
      const hidden = await hides.findHiddenSeqs(userId, conversationId, [seq]);
      if (hidden.length === 0) throw noSuchMessage();
    }
    const unreadN = await this.#unreadNumber(userId, message);
    await watermark.track(async () => {
      await hides.add(userId, conversationId, seq);
      // Written last: a `sync` that finds the note must also find the hidden message.
      await hides.recordInMember(userId, conversationId, { seq, unreadN });
    });
    const settings = await this.#settingsView(userId, ref);
    publisher.toUsers(
      [userId],
      { event: 'conversation:settings', data: settings },
      { exceptSocketId: socketId },
    );
    return { ...ref, rev: 0 };
  }

  /** Returns a message that the caller may see. @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async requireVisible(userId: UserId, ref: MessageRef): Promise<{ message: MessageRecord; viewer: Viewer }> {
    const found = await this.#find(userId, ref);
    if (!found.viewer.sees(found.message)) throw noSuchMessage();
    return found;
  }

  /** Strangers do not wait with the members. Who was a member lately is checked with the change. */
  async #admit(userId: UserId, { conversationId }: MessageRef): Promise<void> {
    const { access } = this.#deps;
    if (!access.wasMember(userId, conversationId)) await access.requireMember(userId, conversationId);
  }

  async #find(
    userId: UserId,
    { conversationId, seq }: MessageRef,
  ): Promise<{ message: MessageRecord; viewer: Viewer }> {
    const { access, changedMessages, visibility } = this.#deps;
    const [memberAccess, [message]] = await Promise.all([
      access.requireMember(userId, conversationId),
      changedMessages.findBySeqs(conversationId, [seq]),
    ]);
    if (message === undefined) throw noSuchMessage();
    const viewer = await visibility.viewerOf(userId, memberAccess, { fromSeq: seq, toSeq: seq });
    return { message, viewer };
  }

  /**
   * Returns the answer for a caller who is blocked by the other participant and has never met them. The change is not
   * stored and is answered as if it had been applied before, so that the block is not revealed. Undefined when the
   * change proceeds. Shadow messages can be changed: the caller sent them after the block, and only the caller sees
   * them.
   */
  async #answerIfBlockHidden(
    userId: UserId,
    ref: MessageRef,
    request: ChangeRequest,
  ): Promise<ShownChangeView | undefined> {
    const { views, acquaintance, time } = this.#deps;
    if (!(await acquaintance.isBlocked(userId))) return undefined;
    const { viewer, message: target } = await this.requireVisible(userId, ref);
    const { conversationId } = target;
    const context = await views.loadContext([conversationId], userId);
    const record = context.conversations.get(conversationId);
    if (record?.type !== 'direct' || (target.shadow === true && record.blockedBy.length === 0))
      return undefined;
    if (!(await acquaintance.hasHiddenBlock(userId, record))) return undefined;
    const [message] = await views.presentFor(viewer, [target], context);
    return message && toUnchangedView(message, { rev: record.rev, by: userId, request, at: time.now() });
  }

  /** Queues a change. The text of an edit passes the app's moderation first, as that of a new message. */
  async #appendReviewed(caller: Caller, ref: MessageRef, request: ChangeRequest): Promise<Changed> {
    const { moderation } = this.#deps;
    if (request.kind !== 'edit' || !moderation.reviews(caller.userId)) {
      return this.#append(caller, ref, request);
    }
    const { message: target } = await this.requireVisible(caller.userId, ref);
    const { conversationId, seq, senderId } = target;
    // An edit that changes nothing, or that is refused, is not reviewed.
    const isKnown = () => Promise.resolve(request.content === target.content || senderId !== caller.userId);
    const text = {
      id: `review_${hash('sha256', JSON.stringify([conversationId, seq, caller.userId, request.content]), 'base64url')}`,
      ...{ conversationId, senderId: caller.userId, content: request.content, seq },
    };
    const changed = await moderation.pass(
      text,
      (reviewed) => this.#append(caller, target, { ...request, ...reviewed }),
      isKnown,
    );
    const { change, message } = changed;
    if (change?.flag !== undefined) void moderation.noteFlagged({ ...message, flag: change.flag });
    return changed;
  }

  #append(caller: Caller, ref: MessageRef, request: ChangeRequest): Promise<Changed> {
    const { conversationId, seq } = ref;
    const draft = { conversationId, seq, by: caller.userId, request, originSocketId: caller.socketId };
    return this.#deadline.race(this.#deps.changeLog.append(draft), () => {
      // The acknowledgement has timed out: the calling socket is notified like the others.
      draft.originSocketId = undefined;
      return unavailable('The database has not answered yet; this change is safe to repeat.');
    });
  }

  /** Returns the message's number among the counted messages if it is unread for this user, otherwise undefined. */
  async #unreadNumber(userId: UserId, message: MessageRecord): Promise<number | undefined> {
    if (message.senderId === userId || message.kind === 'system') return undefined;
    const readSeq = await this.#readSeq(userId, message.conversationId);
    return message.seq > readSeq ? message.n : undefined;
  }

  async #settingsView(userId: UserId, { conversationId, seq }: MessageRef): Promise<SettingsView> {
    const { members, views, viewerRules, time } = this.#deps;
    const [[own], { conversations }] = await Promise.all([
      members.findByUser(userId, [conversationId]),
      views.loadContext([conversationId], userId),
    ]);
    const conversation = conversations.get(conversationId);
    if (own === undefined || conversation === undefined) throw noSuchMessage();
    const reached = effectivePosition(conversation, new Map([[userId, own]]), userId);
    const counts = await viewerRules.redactedCounts.unread(userId, [{ conversation, reached }]);
    const unread = counts.get(conversationId) ?? 0;
    return { ...toSettingsView(own, { conversation, reached, unread, now: time.now() }), hiddenSeqs: [seq] };
  }

  async #readSeq(userId: UserId, id: ConversationId): Promise<number> {
    const { conversations, positions } = await this.#deps.views.loadContext([id], userId);
    const conversation = conversations.get(id);
    if (conversation === undefined) throw noSuchMessage();
    return effectivePosition(conversation, positions.get(id) ?? new Map(), userId).readSeq;
  }
}
