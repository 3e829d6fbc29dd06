import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MemberControl, MemberModel } from '../../models/memberModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import { Backoff } from '../../utils/backoff.js';
import { sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import type { WriteWatermark } from '../derived/writeWatermark.js';
import { changeOf, type ControlEntry, type Membership } from './membership.js';

interface WriterParts {
  conversations: Pick<ConversationModel, 'applyMembership'>;
  members: Pick<MemberModel, 'applyControls' | 'setApart'>;
  messages: Pick<MessageModel, 'findCounts'>;
  watermark: WriteWatermark;
  logger: Logger;
}

export interface Noted {
  before: Membership;
  entries: readonly ControlEntry[];
  after: Membership;
  /** Of the entries, where they were committed here: what this process owes should it die. */
  oldestId?: MessageId | undefined;
}

interface Pending {
  wasApart: boolean;
  entries: ControlEntry[];
  after: Membership;
  /** The smallest id of a control entry that is owed. */
  oldestId: MessageId | undefined;
}

/** Conversations whose documents are written at a time. */
const MAX_TOGETHER = 20;

/**
 * Writes behind what control entries mean: a document per member, and who is in the conversation's own document. What
 * is written is a function of the entries and guarded by their places, so it may be written twice, late, or by several
 * processes: everybody who folds an entry notes it here.
 */
export class MembershipWriter {
  readonly #parts: WriterParts;
  #pending = new Map<ConversationId, Pending>();
  #writing = new Map<ConversationId, Pending>();
  #flushing: Promise<void> | undefined;
  #rounds: Promise<void> = Promise.resolve();

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** What entries made of a conversation. */
  note({ before, entries, after, oldestId }: Noted): void {
    const known = this.#pending.get(after.conversationId);
    const seen = new Set(known?.entries.map(({ seq }) => seq));
    const news = entries.filter(({ seq }) => !seen.has(seq));
    this.#pending.set(after.conversationId, {
      wasApart: known?.wasApart ?? before.isApart,
      entries: [...(known?.entries ?? []), ...news].sort((a, b) => a.seq - b.seq),
      after: known !== undefined && known.after.control > after.control ? known.after : after,
      oldestId: known?.oldestId ?? oldestId,
    });
    this.#flushing ??= this.#flush();
  }

  /** True when nothing of this conversation is owed. */
  isWritten(id: ConversationId): boolean {
    return !this.#pending.has(id) && !this.#writing.has(id);
  }

  oldestPendingId(): MessageId | undefined {
    return [...this.#pending.values(), ...this.#writing.values()]
      .flatMap(({ oldestId }) => oldestId ?? [])
      .sort()[0];
  }

  /**
   * Resolves when everything noted of a conversation so far is written, or after this long: what is committed counts,
   * whether it is derived yet or not.
   */
  async settled(id: ConversationId, withinMs: number): Promise<void> {
    const late = sleep(withinMs).then(() => true);
    while (!this.isWritten(id)) {
      if (await Promise.race([late, this.#rounds.then(() => false)])) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async drain(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const backoff = new Backoff(20, 1_000);
    while (this.#pending.size > 0 || this.#writing.size > 0) {
      this.#take();
      try {
        this.#rounds = this.#writeAll();
        await this.#rounds;
        backoff.reset();
      } catch (error) {
        this.#rounds = sleep(backoff.next());
        this.#parts.logger.warn({ err: error }, 'membership could not be written, trying again');
        await this.#rounds;
      }
    }
    this.#flushing = undefined;
  }

  /** After a failure the same again. */
  #take(): void {
    if (this.#writing.size > 0) return;
    for (const [id, pending] of this.#pending) {
      this.#writing.set(id, pending);
      this.#pending.delete(id);
      if (this.#writing.size >= MAX_TOGETHER) break;
    }
  }

  async #writeAll(): Promise<void> {
    await Promise.all(
      [...this.#writing].map(async ([id, pending]) => {
        await this.#write(pending);
        this.#writing.delete(id);
      }),
    );
  }

  /** The documents of members first: whoever reads in the conversation's that an entry is applied relies on them. */
  async #write({ entries, after, wasApart }: Pending): Promise<void> {
    const { conversations, members, watermark } = this.#parts;
    const { conversationId: id, isApart } = after;
    await watermark.track(async () => {
      const controls = await this.#controlsOf(entries, after);
      if (controls.length > 0) await members.applyControls(id, controls, { isApart });
      // A member's list is whole at every moment: the flag comes before the array goes, and goes after it has come.
      if (isApart && !wasApart) await members.setApart(id, true);
      await conversations.applyMembership(after, { isBack: wasApart && !isApart });
      if (!isApart && wasApart) await members.setApart(id, false);
    });
  }

  /** What the entries mean for each user they name; of several the last one counts. */
  async #controlsOf(entries: readonly ControlEntry[], after: Membership): Promise<MemberControl[]> {
    const joins = entries.filter((entry) => changeOf(entry).joined.length > 0).map(({ seq }) => seq);
    const counts = await this.#parts.messages.findCounts(after.conversationId, joins);
    const controls = new Map<UserId, MemberControl>();
    for (const entry of entries) {
      const { joined, gone } = changeOf(entry);
      const { seq } = entry;
      for (const userId of joined) {
        controls.set(userId, { userId, seq, joinedN: counts.get(seq) ?? 0, role: roleIn(entry, userId) });
      }
      for (const userId of gone) controls.set(userId, { userId, seq, gone: true });
      for (const [userId, role] of rolesOf(entry)) {
        const known = controls.get(userId);
        if (known?.gone !== true) controls.set(userId, { ...known, userId, seq, role });
      }
    }
    return [...controls.values()];
  }
}

const roleIn = ({ action }: ControlEntry, userId: UserId) =>
  (action.type === 'created' ? action.members.find((member) => member.userId === userId)?.role : undefined) ??
  'member';

function rolesOf({ senderId, action }: ControlEntry): [UserId, 'owner' | 'admin' | 'member'][] {
  if (action.type === 'left' && action.successor !== undefined) return [[action.successor, 'owner']];
  if (action.type !== 'role') return [];
  const handedOn: [UserId, 'admin'][] = action.role === 'owner' ? [[senderId, 'admin']] : [];
  return [...handedOn, [action.userId, action.role]];
}
