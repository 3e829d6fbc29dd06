import type { ChangeView, ConversationId, OwnView, UserId } from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { HideModel } from '../../models/hideModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { unavailable } from '../../utils/appError.js';
import { SharedDeadline } from '../../utils/deadline.js';
import type { Access } from '../access.js';
import type { DatabaseTime } from '../derived/databaseTime.js';
import type { WriteWatermark } from '../derived/writeWatermark.js';
import type { MessageViews } from '../messageViews.js';
import type { Publisher } from '../ports.js';
import { toOwnView } from '../ownViews.js';
import { effectivePosition, unreadCount } from '../present.js';
import type { Viewer, Visibility } from '../visibility.js';
import { toChangeView, toUnchangedView } from './announce.js';
import type { Changed, Wish } from './change.js';
import type { ChangeLog } from './changeLog.js';
import { noSuchMessage } from './judge.js';

export interface ChangeServiceParts {
  changeLog: ChangeLog;
  access: Access;
  visibility: Visibility;
  views: MessageViews;
  changedMessages: Pick<ChangedMessages, 'findPlaces'>;
  hides: HideModel;
  members: Pick<MemberModel, 'findOwn'>;
  time: DatabaseTime;
  watermark: WriteWatermark;
  publisher: Publisher;
  /** After this long a change is answered `UNAVAILABLE`, in ms; the change itself goes on. */
  sendTimeoutMs: number;
}

export interface Place {
  conversationId: ConversationId;
  seq: number;
}

interface Caller {
  userId: UserId;
  socketId?: string | undefined;
}

/** What people do with messages after they were sent. */
export class ChangeService {
  readonly #parts: ChangeServiceParts;
  readonly #deadline: SharedDeadline;

  constructor(parts: ChangeServiceParts) {
    this.#parts = parts;
    this.#deadline = new SharedDeadline(parts.sendTimeoutMs);
  }

  /**
   * Edits, reacts or pins: stored first, then applied to the message, told to the members, and answered. What is so
   * already is answered and nothing is written.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`, `FORBIDDEN`, `BLOCKED`, `LIMIT_EXCEEDED`, `UNAVAILABLE` (the same
   * again is safe), `INTERNAL`.
   */
  async change(caller: Caller, place: Place, wish: Wish): Promise<{ change: ChangeView }> {
    const { views } = this.#parts;
    const { viewer } = await this.requireVisible(caller.userId, place);
    const changed = await this.#append(caller, place, wish);
    const standing = await views.standing([place.conversationId], caller.userId);
    const [message] = await views.presentFor(viewer, [changed.message], standing);
    if (message === undefined) throw noSuchMessage();
    return {
      change:
        changed.change === undefined
          ? toUnchangedView(message, { rev: changed.rev, by: caller.userId, wish })
          : toChangeView(changed.change, message),
    };
  }

  /** Deletes a message for everyone. @throws as `change`. */
  async deleteForEveryone(caller: Caller, place: Place): Promise<Place & { rev: number }> {
    await this.requireVisible(caller.userId, place);
    const { rev } = await this.#append(caller, place, { kind: 'delete' });
    return { ...place, rev };
  }

  /** Deletes a message for the caller alone, on all of their devices. @throws `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async deleteForMe({ userId, socketId }: Caller, place: Place): Promise<Place & { rev: number }> {
    const { conversationId, seq } = place;
    const { hides, watermark, publisher } = this.#parts;
    const { message, viewer } = await this.#find(userId, place);
    if (!viewer.sees(message)) {
      const hidden = await hides.findAmong(userId, conversationId, [seq]);
      if (hidden.length === 0) throw noSuchMessage();
    }
    const unreadN = await this.#unreadNumber(userId, message);
    await watermark.track(async () => {
      await hides.add(userId, conversationId, seq);
      // Last: whoever finds by `sync` that something was hidden finds what.
      await hides.noteInOwnState(userId, conversationId, { seq, unreadN });
    });
    const own = await this.#ownView(userId, place);
    publisher.toUsers([userId], { event: 'conversation:own', data: own }, { exceptSocketId: socketId });
    return { ...place, rev: 0 };
  }

  /** A message that the caller sees. @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async requireVisible(userId: UserId, place: Place): Promise<{ message: MessageRecord; viewer: Viewer }> {
    const found = await this.#find(userId, place);
    if (!found.viewer.sees(found.message)) throw noSuchMessage();
    return found;
  }

  async #find(
    userId: UserId,
    { conversationId, seq }: Place,
  ): Promise<{ message: MessageRecord; viewer: Viewer }> {
    const { access, changedMessages, visibility } = this.#parts;
    const [standing, [message]] = await Promise.all([
      access.requireMember(userId, conversationId),
      changedMessages.findPlaces(conversationId, [seq]),
    ]);
    if (message === undefined) throw noSuchMessage();
    const viewer = await visibility.viewerOf(userId, standing, { fromSeq: seq, toSeq: seq });
    return { message, viewer };
  }

  #append(caller: Caller, place: Place, wish: Wish): Promise<Changed> {
    const draft = { ...place, by: caller.userId, wish, originSocketId: caller.socketId };
    return this.#deadline.race(this.#parts.changeLog.append(draft), () => {
      // Nobody waits for the answer any more: its socket hears it like the others.
      draft.originSocketId = undefined;
      return unavailable('The database has not answered yet; the same again is safe.');
    });
  }

  /** The number of a message among the counted ones, if it counts as unread for this user. */
  async #unreadNumber(userId: UserId, message: MessageRecord): Promise<number | undefined> {
    if (message.senderId === userId || message.kind === 'system') return undefined;
    const readSeq = await this.#readSeq(userId, message.conversationId);
    return message.seq > readSeq ? message.n : undefined;
  }

  async #ownView(userId: UserId, { conversationId, seq }: Place): Promise<OwnView> {
    const { members, views, time } = this.#parts;
    const [[own], { conversations }] = await Promise.all([
      members.findOwn(userId, [conversationId]),
      views.standing([conversationId], userId),
    ]);
    const conversation = conversations.get(conversationId);
    if (own === undefined || conversation === undefined) throw noSuchMessage();
    const reached = effectivePosition(conversation, new Map([[userId, own]]), userId);
    const unread = unreadCount(conversation, reached);
    return { ...toOwnView(own, { conversation, reached, unread, now: time.now() }), hiddenSeqs: [seq] };
  }

  async #readSeq(userId: UserId, id: ConversationId): Promise<number> {
    const { conversations, positions } = await this.#parts.views.standing([id], userId);
    const conversation = conversations.get(id);
    if (conversation === undefined) throw noSuchMessage();
    return effectivePosition(conversation, positions.get(id) ?? new Map(), userId).readSeq;
  }
}
