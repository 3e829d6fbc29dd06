import type { ConversationId, ConversationView, UserId } from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../models/memberModel.js';
import type { MessageModel } from '../models/messageModel.js';
import { isSoundDirect } from './access.js';
import type { Summaries } from './derived/summaries.js';
import { effectivePosition, toConversationView, unreadCount, type Positions } from './present.js';
import type { UserDirectory } from './userDirectory.js';

export interface ViewParts {
  conversations: Pick<ConversationModel, 'findMaybeUnread' | 'findByIds'>;
  members: Pick<MemberModel, 'findOf' | 'findOwn'>;
  messages: Pick<MessageModel, 'findByIds'>;
  users: UserDirectory;
  summaries: Summaries;
}

export interface UnreadTotals {
  totalUnread: number;
  conversations: number;
}

/** Stored positions by conversation and member. */
export function groupPositions(members: readonly MemberRecord[]): Map<ConversationId, Positions> {
  const groups = new Map<ConversationId, Map<UserId, MemberRecord>>();
  for (const member of members) {
    const group = groups.get(member.conversationId) ?? new Map<UserId, MemberRecord>();
    groups.set(member.conversationId, group.set(member.userId, member));
  }
  return groups;
}

const NOWHERE: Positions = new Map();

/** Conversations as one viewer sees them: a page costs one query for each kind of thing, whatever its length. */
export class ConversationViews {
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  async present(viewer: UserId, stored: readonly ConversationRecord[]): Promise<ConversationView[]> {
    const { summaries, members, messages, users } = this.#parts;
    const conversations = stored.map((record) => summaries.overlay(record));
    const lastIds = conversations.flatMap(({ lastMessageId }) => lastMessageId ?? []);
    const [positions, lastMessages, profiles] = await Promise.all([
      members.findOf(conversations.map(({ _id }) => _id)).then(groupPositions),
      messages.findByIds(lastIds),
      users.views(conversations.flatMap(({ participants }) => participants)),
    ]);
    const byId = new Map(lastMessages.map((message) => [message._id, message]));
    return conversations.map((conversation) =>
      toConversationView(viewer, {
        conversation,
        positions: positions.get(conversation._id) ?? NOWHERE,
        users: profiles,
        lastMessage: conversation.lastMessageId && byId.get(conversation.lastMessageId),
      }),
    );
  }

  async presentOne(viewer: UserId, stored: ConversationRecord): Promise<ConversationView> {
    const [view] = await this.present(viewer, [stored]);
    if (view === undefined) throw new Error('a conversation was lost on its way to a view');
    return view;
  }

  /** A user's unread messages over all conversations: looks only at those that may have any. */
  async unreadTotals(userId: UserId): Promise<UnreadTotals> {
    const { conversations, members, summaries } = this.#parts;
    const unwritten = summaries.unreadFor(userId);
    const stored = await conversations.findMaybeUnread(userId);
    const known = new Set(stored.map(({ _id }) => _id));
    const more = await conversations.findByIds(unwritten.filter((id) => !known.has(id)));
    // What is not shown as a chat does not count as unread either.
    const candidates = [...stored, ...more]
      .filter((record) => isSoundDirect(record) && record.participants.includes(userId))
      .map((record) => summaries.overlay(record));
    const own = groupPositions(
      await members.findOwn(
        userId,
        candidates.map(({ _id }) => _id),
      ),
    );
    const counts = candidates.map((conversation) => {
      const { readSeq } = effectivePosition(conversation, own.get(conversation._id) ?? NOWHERE, userId);
      return unreadCount(conversation, readSeq);
    });
    return {
      totalUnread: counts.reduce((sum, count) => sum + count, 0),
      conversations: counts.filter((count) => count > 0).length,
    };
  }
}
