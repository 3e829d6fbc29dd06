import {
  emojiForms,
  emojiKey,
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
import type { Access } from '../membership/index.js';
import { type MessageViews, displayEmoji } from '../views/index.js';
import type { PersonalView, Visibility } from '../visibility/index.js';
import type { UserDirectory } from '../users/index.js';
import { toChangeView, toHiddenChange } from './changeViews.js';
import type { ChangeLog } from './changeLog.js';
import type { ChangeService, MessageRef } from './changeService.js';

interface ChangeReadDeps {
  changes: ChangeModel;
  changedMessages: Pick<ChangedMessages, 'findBySeqs'>;
  conversations: Pick<ConversationModel, 'findById'>;
  reactions: Pick<ReactionModel, 'findByMessage'>;
  personal: Pick<PersonalView, 'messages'>;
  changeLog: Pick<ChangeLog, 'catchUp'>;
  service: Pick<ChangeService, 'requireVisible'>;
  access: Access;
  visibility: Visibility;
  views: MessageViews;
  users: Pick<UserDirectory, 'views'>;
}

/** Maximum number of texts of a message, or of reactions, in one answer. */
const MAX_SHOWN = 100;

/** Reads the change log for its viewers. */
export class ChangeReads {
  readonly #deps: ChangeReadDeps;

  constructor(deps: ChangeReadDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the changes after a `rev`, each with its message as it is now. Changes that a process stored but did not
   * apply before it died are applied first, so that the messages include every change that is returned.
   *
   * @throws AppError `NOT_PARTICIPANT`.
   */
  async page(
    caller: UserId,
    { conversationId: id, afterRev, limit = LIMITS.changePageDefault }: CommandPayload<'getChanges'>,
  ): Promise<CommandData<'getChanges'>> {
    const { access, changes, conversations, changeLog } = this.#deps;
    const accessBefore = await access.requireMember(caller, id);
    const [record, found] = await Promise.all([
      conversations.findById(id),
      changes.findAfter(id, afterRev, limit),
    ]);
    const appliedRev = record?.rev ?? 0;
    const tailRev = await changes.findTail(id, appliedRev);
    const lastRev = found.at(-1)?.rev ?? 0;
    if (lastRev > appliedRev) await changeLog.catchUp(id);
    const messages = await this.#messagesOf(id, found);
    // The messages include a membership event that is newer than the check above: it may have removed the caller.
    const isAccessStale = messages.some(({ control }) => control > accessBefore.membership.control);
    const memberAccess = isAccessStale ? await access.requireMember(caller, id) : accessBefore;
    const rev = Math.max(tailRev, lastRev);
    return {
      changes: await this.#present(caller, { found, messages, memberAccess }),
      rev,
      hasMore: lastRev > 0 && lastRev < rev,
      ...(afterRev > rev && { reload: true }),
    };
  }

  /** Returns all texts that a message had; none if it is deleted. @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async edits(caller: UserId, ref: MessageRef): Promise<CommandData<'getEdits'>> {
    const { message, viewer } = await this.#deps.service.requireVisible(caller, ref);
    const changes = await this.#deps.changes.findEdits(ref.conversationId, ref.seq, MAX_SHOWN);
    if (message.deletedAt !== undefined) return { edits: [] };
    const texts = changes.flatMap((change) =>
      change.kind === 'edit' && viewer.seesChange(change) ? [change] : [],
    );
    const [first] = texts;
    if (first === undefined) return { edits: [] };
    return {
      edits: [
        { content: first.what.was ?? '', at: message.createdAt.toISOString() },
        ...texts.map(({ what, at }) => ({ content: what.content ?? '', at: at.toISOString() })),
      ],
    };
  }

  /** Returns the reactions to a message with their users. @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND`. */
  async reactions(
    caller: UserId,
    { emoji, ...ref }: CommandPayload<'getReactions'>,
  ): Promise<CommandData<'getReactions'>> {
    const { service, reactions, personal, users } = this.#deps;
    const { message, viewer } = await service.requireVisible(caller, ref);
    const [own] = await personal.messages(viewer, [message]);
    if (own === undefined || own.message.deletedAt !== undefined) return { reactions: [] };
    const among = emoji === undefined ? undefined : emojiForms(emoji);
    const found = await reactions.findByMessage(ref.conversationId, {
      seq: ref.seq,
      among,
      limit: MAX_SHOWN,
    });
    const visible = found.filter(({ userId }) => userId !== caller && !viewer.blocked.has(userId));
    const all = [...visible, { userId: caller, emojis: own.emojis }].sort((a, b) =>
      a.userId < b.userId ? -1 : 1,
    );
    const profiles = await users.views(
      all.map(({ userId }) => userId),
      caller,
    );
    const given = all.flatMap(({ userId, emojis }) =>
      emojis
        .filter((one) => emoji === undefined || emojiKey(one) === emojiKey(emoji))
        .map((one) => ({ emoji: displayEmoji(one), user: profiles.get(userId) ?? { _id: userId } })),
    );
    return { reactions: given.slice(0, MAX_SHOWN) };
  }

  #messagesOf(id: ConversationId, found: readonly ChangeRecord[]): Promise<MessageRecord[]> {
    return this.#deps.changedMessages.findBySeqs(
      id,
      found.map(({ seq }) => seq),
    );
  }

  async #present(
    caller: UserId,
    page: {
      found: readonly ChangeRecord[];
      messages: readonly MessageRecord[];
      memberAccess: Awaited<ReturnType<Access['requireMember']>>;
    },
  ): Promise<CommandData<'getChanges'>['changes']> {
    const { found, messages, memberAccess } = page;
    if (found.length === 0) return [];
    const { views, visibility } = this.#deps;
    const { conversationId } = memberAccess.membership;
    const range = { fromSeq: messages[0]?.seq ?? 0, toSeq: messages.at(-1)?.seq ?? 0 };
    const [viewer, context] = await Promise.all([
      visibility.viewerOf(caller, memberAccess, range),
      views.loadContext([conversationId], caller),
    ]);
    const shown = await views.presentFor(viewer, messages, context);
    const bySeq = new Map(shown.map((view) => [view.seq, view]));
    return found.map((change) => {
      const message = bySeq.get(change.seq);
      return message?.kind !== undefined && message.kind !== 'hidden' && viewer.seesChange(change)
        ? toChangeView(change, message)
        : toHiddenChange(change);
    });
  }
}
