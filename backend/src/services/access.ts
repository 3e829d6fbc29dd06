import { LRUCache } from 'lru-cache';
import type { ConversationId, UserId } from '../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../models/conversationModel.js';
import { notParticipant } from '../utils/appError.js';
import { TickBatcher } from '../utils/tickBatcher.js';
import { participantsKey } from '../utils/participantsKey.js';

/** A direct conversation has two distinct members for ever: anything else under that type is damage, not a chat. */
export const isSoundDirect = (conversation: Pick<ConversationRecord, 'type' | 'participants'>): boolean =>
  conversation.type === 'direct' &&
  conversation.participants.length === 2 &&
  conversation.participants[0] !== conversation.participants[1];

/** True if this document is exactly the pair that its key stands for, and nobody else. */
export const isPair = (
  conversation: Pick<ConversationRecord, 'type' | 'participants'>,
  key: string,
): boolean => {
  const [a, b] = conversation.participants;
  return isSoundDirect(conversation) && a !== undefined && b !== undefined && participantsKey(a, b) === key;
};

const MAX_KNOWN = 100_000;

/**
 * Every permission rule. Who is in a sound direct conversation never changes, so an answer from memory is always
 * what the database would answer; that somebody is *not* in one is never remembered.
 */
export class Access {
  readonly #known = new LRUCache<ConversationId, readonly UserId[]>({ max: MAX_KNOWN });
  /** After a restart everybody's first command asks at once. */
  readonly #loading = new TickBatcher<ConversationId>((ids) => this.#load(ids));

  constructor(readonly conversations: Pick<ConversationModel, 'findByIds'>) {}

  /**
   * The members of a conversation that this user is in.
   *
   * @throws AppError `NOT_PARTICIPANT`, whether the conversation is somebody else's or does not exist.
   */
  async requireMember(userId: UserId, conversationId: ConversationId): Promise<readonly UserId[]> {
    if (!this.#known.has(conversationId)) await this.#loading.add([conversationId]);
    const known = this.#known.get(conversationId);
    if (known?.includes(userId) !== true) throw notParticipant();
    return known;
  }

  /** The same for a document that was just read. @throws AppError `NOT_PARTICIPANT`. */
  requireMemberOf(userId: UserId, conversation: ConversationRecord | undefined): ConversationRecord {
    if (conversation === undefined || !isSoundDirect(conversation)) throw notParticipant();
    if (!conversation.participants.includes(userId)) throw notParticipant();
    return conversation;
  }

  async #load(ids: readonly ConversationId[]): Promise<void> {
    for (const conversation of await this.conversations.findByIds([...new Set(ids)])) {
      if (isSoundDirect(conversation)) this.#known.set(conversation._id, conversation.participants);
    }
  }
}
