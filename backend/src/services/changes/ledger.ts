import type { AttachmentId, ConversationId, UserId } from '../../../../contract/index.js';
import { mayBeArchived } from '../../models/archiveModel.js';
import type { MessageChange } from '../../models/changedMessages.js';
import type { ChangeRecord } from '../../models/changeModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { uploadedIds } from '../../models/storedAttachment.js';
import type { ReactionRecord } from '../../models/reactionModel.js';

/** State read from the database. It is as of `rev`; single messages may be newer if another process applied changes. */
export interface LedgerBase {
  conversationId: ConversationId;
  /** All changes up to this one are applied to the state. */
  rev: number;
  pinned: readonly number[];
  messages: readonly MessageRecord[];
  reactions: readonly ReactionRecord[];
}

const reactionKey = (seq: number, userId: UserId): string => `${seq} ${userId}`;

/**
 * Messages as of a `rev` of the change log: the state read from the database, with later changes folded in. The text
 * and the reactions of a message keep the `rev` of their last change, so changes that are included already are
 * skipped. The same changes in the same order give the same result on every process.
 */
export class Ledger {
  readonly conversationId: ConversationId;
  readonly #messages: Map<number, MessageRecord>;
  readonly #reactions: Map<string, ReactionRecord>;
  readonly #edited = new Set<number>();
  readonly #counted = new Set<number>();
  readonly #deleted = new Set<number>();
  readonly #deletedFiles: AttachmentId[] = [];
  readonly #reacted = new Set<string>();
  #pinned: readonly number[];
  #rev: number;

  constructor(
    base: LedgerBase,
    /** Returns the search words of a message. */
    readonly wordsOf: (said: MessageRecord) => string[],
  ) {
    this.conversationId = base.conversationId;
    this.#messages = new Map(base.messages.map((message) => [message.seq, message]));
    this.#reactions = new Map(base.reactions.map((one) => [reactionKey(one.seq, one.userId), one]));
    this.#pinned = base.pinned;
    this.#rev = base.rev;
  }

  /** `rev` of the last change folded in. */
  get rev(): number {
    return this.#rev;
  }

  get pinned(): readonly number[] {
    return this.#pinned;
  }

  get deleted(): number[] {
    return [...this.#deleted];
  }

  /**
   * Uploaded files of the deleted messages. Their objects are put on the list of those to delete before the messages lose
   * them.
   */
  get deletedFiles(): readonly AttachmentId[] {
    return this.#deletedFiles;
  }

  /** Highest `seq` of a deleted message that counts as unread for others; 0 for none. */
  get lastDeletedSeq(): number {
    const counted = this.deletedMessages().filter(({ shadow }) => shadow !== true);
    return Math.max(0, ...counted.map(({ seq }) => seq));
  }

  /** Returns the deleted messages in their current state. */
  deletedMessages(): MessageRecord[] {
    return this.deleted.flatMap((seq) => this.#messages.get(seq) ?? []);
  }

  message(seq: number): MessageRecord | undefined {
    return this.#messages.get(seq);
  }

  emojisOf(seq: number, userId: UserId): readonly string[] {
    return this.#reactions.get(reactionKey(seq, userId))?.emojis ?? [];
  }

  /** Returns a user's reactions to a message, with the `rev` of the last change. */
  reactionsOf(seq: number, userId: UserId): ReactionRecord | undefined {
    return this.#reactions.get(reactionKey(seq, userId));
  }

  /** Returns all known reactions to these messages. */
  get reactions(): ReactionRecord[] {
    return [...this.#reactions.values()];
  }

  /** Folds in the next change. A shadow change only advances `rev`, as other users do not see it. */
  fold(change: ChangeRecord): void {
    this.#rev = change.rev;
    if (change.shadow === true) return;
    if (change.kind === 'pin') this.#pin(change.seq, change.what.on);
    const message = this.#messages.get(change.seq);
    if (message === undefined) return;
    if (change.kind === 'delete') this.#delete(message, change);
    if (message.deletedAt !== undefined) return;
    if (change.kind === 'edit') this.#edit(message, change);
    if (change.kind === 'reaction') this.#react(message, change);
  }

  /** Returns the messages that must be written. */
  messageChanges(): MessageChange[] {
    const touched = new Set([...this.#edited, ...this.#counted, ...this.#deleted]);
    return [...touched].flatMap((seq) => {
      const message = this.#messages.get(seq);
      return message === undefined ? [] : [this.#changeOf(message)];
    });
  }

  /** Returns the reactions of users that must be written. */
  reactionChanges(): ReactionRecord[] {
    return [...this.#reacted].flatMap((key) => {
      const one = this.#reactions.get(key);
      return one === undefined || this.#deleted.has(one.seq) ? [] : [one];
    });
  }

  #changeOf({ seq, ...message }: MessageRecord): MessageChange {
    const { content, editedAt, editRev, reactRev, deletedAt, deletedBy, words = [] } = message;
    if (deletedAt !== undefined) {
      return {
        seq,
        mayBeArchived: mayBeArchived(message.createdAt),
        deletion: { at: deletedAt, by: deletedBy ?? message.senderId },
      };
    }
    return {
      seq,
      mayBeArchived: mayBeArchived(message.createdAt),
      ...(this.#edited.has(seq) &&
        editRev !== undefined &&
        editedAt !== undefined && { edit: { rev: editRev, content, at: editedAt, words } }),
      ...(this.#counted.has(seq) &&
        reactRev !== undefined && { reactions: { rev: reactRev, counts: message.reactions ?? [] } }),
    };
  }

  #pin(seq: number, on: boolean): void {
    const others = this.#pinned.filter((pinned) => pinned !== seq);
    this.#pinned = on ? [...others, seq] : others;
  }

  #edit(message: MessageRecord, { rev, at, what }: ChangeRecord & { kind: 'edit' }): void {
    if (what.content === undefined || (message.editRev ?? 0) >= rev) return;
    const edited = { ...message, content: what.content, editedAt: at, editRev: rev };
    this.#edited.add(message.seq);
    this.#messages.set(message.seq, { ...edited, words: this.wordsOf(edited) });
  }

  /** Deletion is final. Messages deleted before are included too: their texts may still exist in other locations. */
  #delete(message: MessageRecord, { at, by }: ChangeRecord): void {
    this.#pin(message.seq, false);
    this.#deleted.add(message.seq);
    if (message.deletedAt !== undefined) return;
    const { attachments, location: _l, card: _c, words: _w, reactions: _r, ...rest } = message;
    this.#deletedFiles.push(...uploadedIds(attachments));
    this.#messages.set(message.seq, { ...rest, content: '', deletedAt: at, deletedBy: by });
  }

  #react(message: MessageRecord, { rev, by, what }: ChangeRecord & { kind: 'reaction' }): void {
    const { seq } = message;
    const { emoji, on } = what;
    if (emoji === undefined) return;
    const key = reactionKey(seq, by);
    const own = this.#reactions.get(key);
    if ((own?.rev ?? 0) < rev) {
      const others = (own?.emojis ?? []).filter((one) => one !== emoji);
      const emojis = on ? [...others, emoji] : others;
      this.#reactions.set(key, { seq, userId: by, rev, emojis });
      this.#reacted.add(key);
    }
    if ((message.reactRev ?? 0) >= rev) return;
    this.#counted.add(seq);
    this.#messages.set(seq, { ...message, reactions: recount(message, { emoji, on }), reactRev: rev });
  }
}

/** Returns the reaction counts after one more change, in the order in which the emojis were first used. */
function recount(
  { reactions = [] }: MessageRecord,
  { emoji, on }: { emoji: string; on: boolean },
): { emoji: string; count: number }[] {
  const exists = reactions.some((one) => one.emoji === emoji);
  if (!exists) return on ? [...reactions, { emoji, count: 1 }] : reactions;
  return reactions
    .map((one) => (one.emoji === emoji ? { emoji, count: one.count + (on ? 1 : -1) } : one))
    .filter(({ count }) => count > 0);
}
