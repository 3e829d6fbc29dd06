import type { ConversationId, HeadView, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel, MessageTrace } from '../../models/messageModel.js';
import { notParticipant } from '../../utils/appError.js';
import { audienceOf, type Summaries } from '../derived/index.js';
import type { Access, MembershipStore } from '../membership/index.js';

interface HeadDeps {
  conversations: Pick<ConversationModel, 'findById'>;
  messages: Pick<MessageModel, 'findTail' | 'findTailTraces'>;
  summaries: Pick<Summaries, 'noteElsewhere'>;
  memberships: MembershipStore;
  access: Access;
}

/**
 * Entries that are read behind a stored summary. It is a second behind at most, so there are more in a busy channel
 * only; then the senders of the older ones are not noted.
 */
const MAX_TRACES = 100;

/** Reads heads of conversations (`lastSeq`, `rev`). Reads the log itself, as the summary may not be up to date. */
export class HeadService {
  readonly #deps: HeadDeps;

  constructor(deps: HeadDeps) {
    this.#deps = deps;
  }

  /** Returns the current head. @throws AppError `NOT_PARTICIPANT` for a conversation that does not exist. */
  async read(conversationId: ConversationId): Promise<HeadView> {
    const record = await this.#find(conversationId);
    const tail = await this.#deps.messages.findTail(conversationId, record.lastSeq);
    return toHead(record, tail);
  }

  /**
   * Returns those of these users who are members now, the `seq` of the last removal, and the head. Views that are built
   * afterwards on this process are not behind that head, also when another process has still to write the summary.
   */
  async findMembers(
    id: ConversationId,
    userIds: readonly UserId[],
  ): Promise<{ members: UserId[]; removalSeq: number; head: HeadView }> {
    const { messages, memberships, summaries, access } = this.#deps;
    const record = await this.#find(id);
    const traces = await messages.findTailTraces(id, record.lastSeq, MAX_TRACES);
    const membership = await memberships.current(id);
    if (membership === undefined) throw notParticipant();
    summaries.noteElsewhere(
      traces.filter(({ seq }) => seq > record.lastSeq),
      audienceOf(membership),
    );
    const members = await access.membersAmong(membership, userIds);
    return { members, removalSeq: membership.removalSeq, head: toHead(record, traces[0]) };
  }

  /** @throws AppError `NOT_PARTICIPANT`. */
  async #find(id: ConversationId): Promise<ConversationRecord> {
    const record = await this.#deps.conversations.findById(id);
    if (record === undefined) throw notParticipant();
    return record;
  }
}

const toHead = ({ _id, rev }: ConversationRecord, tail: Pick<MessageTrace, 'seq'> | undefined): HeadView => ({
  conversationId: _id,
  lastSeq: tail?.seq ?? 0,
  rev,
});
