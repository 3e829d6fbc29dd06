import type { ConversationId, HeadView, UserId } from '../../../contract/index.js';
import type { ConversationModel } from '../models/conversationModel.js';
import type { MessageModel } from '../models/messageModel.js';
import { notParticipant } from '../utils/appError.js';
import type { Access } from './access.js';
import type { MembershipStore } from './membership/membershipStore.js';

interface HeadParts {
  conversations: Pick<ConversationModel, 'findById'>;
  messages: Pick<MessageModel, 'findTail'>;
  memberships: MembershipStore;
  access: Access;
}

/** Where conversations end now: the log itself is asked, not the summary that may lag. */
export class HeadService {
  readonly #parts: HeadParts;

  constructor(parts: HeadParts) {
    this.#parts = parts;
  }

  /** @throws AppError `NOT_PARTICIPANT` for a conversation that is not there. */
  async read(conversationId: ConversationId): Promise<HeadView> {
    const record = await this.#parts.conversations.findById(conversationId);
    if (record === undefined) throw notParticipant();
    const tail = await this.#parts.messages.findTail(conversationId, record.lastSeq);
    return { conversationId, lastSeq: tail?.seq ?? 0, rev: record.rev };
  }

  /** Which of these users are members now, behind which removal, and where the log ends. */
  async findMembers(
    id: ConversationId,
    userIds: readonly UserId[],
  ): Promise<{ members: UserId[]; removalSeq: number; head: HeadView }> {
    const head = await this.read(id);
    const membership = await this.#parts.memberships.current(id);
    if (membership === undefined) throw notParticipant();
    const members = await this.#parts.access.membersAmong(membership, userIds);
    return { members, removalSeq: membership.removalSeq, head };
  }
}
