import { type Action, type Card, type Location, type MessageKind } from '../../../contract/index.js';
import { type ObjectId } from './objectIds.js';
import type { StoredAttachment } from './storedAttachment.js';

/**
 * An entry of a conversation's log: a message, or a membership event (kind `system`).
 *
 * `{ conversationId, seq: 7, n: 5, control: 2, senderId: 'alice', clientMessageId: '…', kind: 'text', content: '…', …
 * }`
 *
 * Invariants: per conversation, `seq` is 1, 2, 3 … without gaps. A sender's `clientMessageId` is unique in a
 * conversation. The members of a conversation at a `seq` follow from the membership events up to it.
 */
export interface MessageDocument {
  _id: ObjectId;
  conversationId: ObjectId;
  seq: number;
  /** Number of counted messages up to this one. Membership events and shadow entries do not count. */
  n: number;
  /** `seq` of the last membership event that the writer had seen, its own included; 0 for none. */
  control: number;
  /** Membership events only: equal to `seq`, so that a partial index covers membership events alone. */
  controlSeq?: number;
  action?: Action;
  /** Membership event that history does not show. */
  silent?: boolean;
  /**
   * Sent under a moderator's restriction: only its sender ever sees it, and it does not count. A shadow entry with an
   * `action` is no membership event (it has no `controlSeq`): it changes only its sender's view of the conversation.
   * The one exception is `created`, which creates a group with its creator as the only member.
   */
  shadow?: boolean;
  /**
   * Does not reveal to others what its sender has read. Set when the sender had read receipts switched off. In
   * large groups it is also set when there was a block between the sender and a member.
   */
  quiet?: boolean;
  /**
   * Small groups only: members with a block between them and the sender. It does not reveal the read position to
   * them.
   */
  quietFor?: string[];
  /** Shadow entries with an `action` only: start time of the restriction under which the entry was made. */
  restrictedAt?: Date;
  senderId: string;
  clientMessageId: string;
  /** Hash of the payload as first sent, so that a retry after an edit is still recognised. */
  payloadHash: string;
  kind: MessageKind;
  content: string;
  attachments?: StoredAttachment[];
  location?: Location;
  card?: Card;
  replyTo?: number;
  /** Found by the moderation hook, which let the message pass. */
  flag?: { reason?: string };
  createdAt: Date;
  editedAt?: Date;
  /** `rev` of the last applied change, per aspect; older changes are ignored. */
  editRev?: number;
  deletedAt?: Date;
  deletedBy?: string;
  reactions?: { emoji: string; count: number }[];
  reactRev?: number;
  /** Search terms. Absent for messages without text, deleted ones, and old ones that are not indexed yet. */
  words?: string[];
  /** The message has moved to another conversation. Its `seq` stays taken, and nothing is shown for it. */
  moved?: boolean;
  /** Stub of an archived message: its content is in `archived_messages` and is loaded when it is read. */
  archived?: boolean;
}
