import type { ConversationId, HeadView, UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import { notParticipant } from '../../utils/appError.js';
import type { Access, MembershipStore } from '../membership/index.js';

interface HeadDeps {
  conversations: Pick<ConversationModel, 'findById'>;
  messages: Pick<MessageModel, 'findTail'>;
  memberships: MembershipStore;
  access: Access;
}

/** Reads heads of conversations (`lastSeq`, `rev`). Reads the log itself, as the summary may not be up to date. */
export class HeadService {
  readonly #deps: HeadDeps;

  constructor(deps: HeadDeps) {
    this.#deps = deps;
  }

  /** Returns the current head. @throws AppError `NOT_PARTICIPANT` for a conversation that does not exist. */
  async read(conversationId: ConversationId): Promise<HeadView> {
    const record = await this.#deps.conversations.findById(conversationId);
    if (record === undefined) throw notParticipant();
    const tail = await this.#deps.messages.findTail(conversationId, record.lastSeq);
    return { conversationId, lastSeq: tail?.seq ?? 0, rev: record.rev };
  }

  /** Returns those of these users who are members now, the `seq` of the last removal, and the head. */
  async findMembers(
    id: ConversationId,
    userIds: readonly UserId[],
  ): Promise<{ members: UserId[]; removalSeq: number; head: HeadView }> {
    const head = await this.read(id);
    const membership = await this.#deps.memberships.current(id);
    if (membership === undefined) throw notParticipant();
    const members = await this.#deps.access.membersAmong(membership, userIds);
    return { members, removalSeq: membership.removalSeq, head };
  }
}
