import {
  LIMITS,
  type CommandData,
  type CommandPayload,
  type ConversationId,
  type UserId,
} from '../../../../contract/index.js';
import type { ChangedMessages } from '../../models/changedMessages.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import type { Access } from '../access.js';
import { toHidden } from '../fanOut.js';
import type { MessageViews } from '../messageViews.js';
import type { UserDirectory } from '../userDirectory.js';
import type { Visibility } from '../visibility.js';
import { toChangeView } from './announce.js';
import type { ChangeLog } from './changeLog.js';
import type { ChangeService, Place } from './changeService.js';

interface ChangeReadParts {
  changes: ChangeModel;
  changedMessages: Pick<ChangedMessages, 'findPlaces'>;
  conversations: Pick<ConversationModel, 'findById'>;
  reactions: Pick<ReactionModel, 'findOf'>;
  changeLog: Pick<ChangeLog, 'catchUp'>;
  service: Pick<ChangeService, 'requireVisible'>;
  access: Access;
  visibility: Visibility;
  views: MessageViews;
  users: Pick<UserDirectory, 'views'>;
}

/** Texts of one message, and people who reacted to it, that are answered. */
const MAX_SHOWN = 100;

/** What was changed, as its readers see it. */
export class ChangeReads {
  readonly #parts: ChangeReadParts;

  constructor(parts: ChangeReadParts) {
    this.#parts = parts;
  }

  /**
   * What happened to messages behind a place of the change log, with each message as it is now. What a process left
   * half done that died is finished first, so that no `rev` is answered whose message does not show it.
   *
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async page(
    caller: UserId,
    { conversationId: id, afterRev, limit = LIMITS.changePageDefault }: CommandPayload<'getChanges'>,
  ): Promise<CommandData<'getChanges'>> {
    const { access, changes, conversations, changeLog } = this.#parts;
    const entered = await access.requireMember(caller, id);
    const [record, found] = await Promise.all([
      conversations.findById(id),
      changes.findAfter(id, afterRev, limit),
    ]);
    const appliedRev = record?.rev ?? 0;
    const tailRev = await changes.findTail(id, appliedRev);
    const lastRev = found.at(-1)?.rev ?? 0;
    if (lastRev > appliedRev) await changeLog.catchUp(id);
    const messages = await this.#messagesOf(id, found);
    // Read behind a control entry that the check at the door had not seen: it may have shown the caller out.
    const isBehind = messages.some(({ control }) => control > entered.membership.control);
    const standing = isBehind ? await access.requireMember(caller, id) : entered;
    const rev = Math.max(tailRev, lastRev);
    return {
      changes: await this.#present(caller, { found, messages, standing }),
      rev,
      hasMore: lastRev > 0 && lastRev < rev,
      ...(afterRev > rev && { reload: true }),
    };
  }

  /** The texts that a message has had; none of a deleted one. @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async edits(caller: UserId, place: Place): Promise<CommandData<'getEdits'>> {
    const { message } = await this.#parts.service.requireVisible(caller, place);
    const changes = await this.#parts.changes.findEdits(place.conversationId, place.seq, MAX_SHOWN);
    if (message.deletedAt !== undefined) return { edits: [] };
    const texts = changes.flatMap((change) => (change.kind === 'edit' ? [change] : []));
    const [first] = texts;
    if (first === undefined) return { edits: [] };
    return {
      edits: [
        { content: first.what.was ?? '', at: message.createdAt.toISOString() },
        ...texts.map(({ what, at }) => ({ content: what.content ?? '', at: at.toISOString() })),
      ],
    };
  }

  /** Who reacted to a message. @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async reactions(
    caller: UserId,
    { emoji, ...place }: CommandPayload<'getReactions'>,
  ): Promise<CommandData<'getReactions'>> {
    const { service, reactions, users } = this.#parts;
    const { message } = await service.requireVisible(caller, place);
    if (message.deletedAt !== undefined) return { reactions: [] };
    const found = await reactions.findOf(place.conversationId, { seq: place.seq, emoji, limit: MAX_SHOWN });
    const profiles = await users.views(found.map(({ userId }) => userId));
    const given = found.flatMap(({ userId, emojis }) =>
      emojis
        .filter((one) => emoji === undefined || one === emoji)
        .map((one) => ({ emoji: one, user: profiles.get(userId) ?? { _id: userId } })),
    );
    return { reactions: given.slice(0, MAX_SHOWN) };
  }

  #messagesOf(id: ConversationId, found: readonly ChangeRecord[]): Promise<MessageRecord[]> {
    return this.#parts.changedMessages.findPlaces(
      id,
      found.map(({ seq }) => seq),
    );
  }

  async #present(
    caller: UserId,
    what: {
      found: readonly ChangeRecord[];
      messages: readonly MessageRecord[];
      standing: Awaited<ReturnType<Access['requireMember']>>;
    },
  ): Promise<CommandData<'getChanges'>['changes']> {
    const { found, messages, standing } = what;
    if (found.length === 0) return [];
    const { views, visibility } = this.#parts;
    const { conversationId } = standing.membership;
    const range = { fromSeq: messages[0]?.seq ?? 0, toSeq: messages.at(-1)?.seq ?? 0 };
    const [viewer, positions] = await Promise.all([
      visibility.viewerOf(caller, standing, range),
      views.standing([conversationId], caller),
    ]);
    const shown = await views.presentFor(viewer, messages, positions);
    const bySeq = new Map(shown.map((view) => [view.seq, view]));
    return found.map((change) =>
      toChangeView(change, bySeq.get(change.seq) ?? toHidden({ conversationId, seq: change.seq })),
    );
  }
}
