import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { ConversationModel } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MemberEvent } from '../../models/membershipUpdates.js';
import { sleep } from '../../utils/clock.js';
import type { Logger } from '../../utils/logger.js';
import { WriteBehind } from '../../utils/writeBehind.js';
import type { WriteWatermark } from '../runtime/index.js';
import type { Absence } from '../../models/memberDocument.js';
import { absencesAfter, isFreeLeave } from './absences.js';
import { changeOf, type MembershipEvent, type Membership } from './membership.js';

interface WriterDeps {
  conversations: Pick<ConversationModel, 'applyMembership'>;
  members: Pick<MemberModel, 'applyMembershipEvents' | 'findByUsers' | 'setLarge'>;
  watermark: WriteWatermark;
  logger: Logger;
}

export interface Noted {
  before: Membership;
  entries: readonly MembershipEvent[];
  after: Membership;
  /** The smallest id of the entries; set by the process that committed them, which must write them or be recovered. */
  oldestId?: MessageId | undefined;
}

interface Unwritten {
  wasLarge: boolean;
  entries: MembershipEvent[];
  after: Membership;
  oldestId: MessageId | undefined;
}

/** Conversations whose documents are written at a time. */
const MAX_TOGETHER = 20;

/**
 * Writes the effect of membership events behind the log: a document per member, and the members in the conversation's
 * own document. All writes are functions of the entries and guarded by their `seq`, so they may happen twice, late, or
 * on several processes: each process that folds an entry notes it here.
 */
export class MembershipWriter {
  readonly #deps: WriterDeps;
  readonly #unwritten: WriteBehind<ConversationId, Unwritten>;

  constructor(deps: WriterDeps) {
    this.#deps = deps;
    this.#unwritten = new WriteBehind({
      write: (batch, settle) => this.#writeAll(batch, settle),
      onFailure: (error) => {
        deps.logger.warn({ err: error }, 'membership could not be written, trying again');
      },
      maxBatch: MAX_TOGETHER,
    });
  }

  /** Notes membership events and the membership that results from them. */
  note({ before, entries, after, oldestId }: Noted): void {
    const known = this.#unwritten.pending(after.conversationId);
    const knownSeqs = new Set(known?.entries.map(({ seq }) => seq));
    const added = entries.filter(({ seq }) => !knownSeqs.has(seq));
    this.#unwritten.put(after.conversationId, {
      wasLarge: known?.wasLarge ?? before.isLarge,
      entries: [...(known?.entries ?? []), ...added].sort((a, b) => a.seq - b.seq),
      after: known !== undefined && known.after.control > after.control ? known.after : after,
      oldestId: known?.oldestId ?? oldestId,
    });
  }

  /** True when all noted events of this conversation are written. */
  isWritten(id: ConversationId): boolean {
    return !this.#unwritten.has(id);
  }

  /** Returns conversations that a user is a member of according to events that are not written yet. */
  owedTo(userId: UserId): ConversationId[] {
    return this.#unwritten
      .items()
      .filter(({ after }) => after.members.has(userId))
      .map(({ after }) => after.conversationId);
  }

  /** Returns the smallest id of a membership event that was committed here and is not written yet. */
  oldestPendingId(): MessageId | undefined {
    return this.#unwritten.oldestId(({ oldestId }) => oldestId);
  }

  /**
   * Resolves when the events of a conversation are written, or after `withinMs`. The events hold once they are in the
   * log, so a caller need not wait longer.
   */
  async settled(id: ConversationId, withinMs: number): Promise<void> {
    await Promise.race([this.#unwritten.settled(id), sleep(withinMs)]);
  }

  /** Resolves when everything noted is written. */
  drain(): Promise<void> {
    return this.#unwritten.drain();
  }

  async #writeAll(
    batch: ReadonlyMap<ConversationId, Unwritten>,
    settle: (id: ConversationId) => void,
  ): Promise<void> {
    const writes = [...batch].map(async ([id, unwritten]) => {
      await this.#write(unwritten);
      settle(id);
    });
    // No write is left running when one has failed: the retry would overlap with it.
    await Promise.allSettled(writes);
    await Promise.all(writes);
  }

  /** Writes the members' documents first: a conversation's document says that they are applied up to `control`. */
  async #write({ entries, after, wasLarge }: Unwritten): Promise<void> {
    const { conversations, members, watermark } = this.#deps;
    const { conversationId: id, isLarge } = after;
    await watermark.track(async () => {
      const controls = await this.#controlsOf(entries, after);
      if (controls.length > 0) await members.applyMembershipEvents(id, controls, { isLarge });
      // A member's list is complete at every moment: the flag is set before the array of members is removed from the
      // conversation, and cleared after the array is back.
      if (isLarge && !wasLarge) await members.setLarge(id, true);
      await conversations.applyMembership(after, { isBack: wasLarge && !isLarge });
      if (!isLarge && wasLarge) await members.setLarge(id, false);
    });
  }

  /**
   * Returns the change of each user named by the entries. When several entries name a user, the change is the same as
   * if they were applied one after the other: a role given after joining, or leaving again, keeps where the user joined.
   */
  async #controlsOf(entries: readonly MembershipEvent[], after: Membership): Promise<MemberEvent[]> {
    const absences = await this.#absencesOf(entries, after);
    const controls = new Map<UserId, MemberEvent>();
    for (const entry of entries) {
      const { joined, gone } = changeOf(entry);
      const { seq, n } = entry;
      for (const userId of joined) {
        const { wasAbsent = false } = controls.get(userId) ?? {};
        const role = roleIn(entry, userId);
        const change = { userId, seq, joined: { seq, n }, role, wasAbsent };
        controls.set(userId, { ...change, ...absencesIn(absences, userId) });
      }
      const isVoluntary = isFreeLeave(after.type, entry);
      for (const userId of gone) {
        const change = { ...controls.get(userId), userId, seq, wasAbsent: true, hasLeft: true, isVoluntary };
        controls.set(userId, { ...change, ...absencesIn(absences, userId) });
      }
      for (const [userId, role] of rolesOf(entry)) {
        const known = controls.get(userId);
        if (known?.hasLeft !== true) controls.set(userId, { ...known, userId, seq, role });
      }
    }
    return [...controls.values()];
  }

  /** Returns the absences of users who join. Those who are members from the creation on have none. */
  async #absencesOf(
    entries: readonly MembershipEvent[],
    { conversationId, type }: Membership,
  ): Promise<ReadonlyMap<UserId, readonly Absence[]>> {
    const joined = entries
      .filter(({ action }) => action.type !== 'created')
      .flatMap((entry) => changeOf(entry).joined);
    if (joined.length === 0) return new Map();
    const stored = await this.#deps.members.findByUsers(conversationId, [...new Set(joined)]);
    return absencesAfter(type, entries, stored);
  }
}

const absencesIn = (
  known: ReadonlyMap<UserId, readonly Absence[]>,
  userId: UserId,
): Pick<MemberEvent, 'absences'> => {
  const absences = known.get(userId);
  return absences === undefined ? {} : { absences };
};

const roleIn = ({ action }: MembershipEvent, userId: UserId) =>
  (action.type === 'created' ? action.members.find((member) => member.userId === userId)?.role : undefined) ??
  'member';

function rolesOf({ senderId, action }: MembershipEvent): [UserId, 'owner' | 'admin' | 'member'][] {
  if (action.type === 'left' && action.successor !== undefined) return [[action.successor, 'owner']];
  if (action.type !== 'role') return [];
  const formerOwner: [UserId, 'admin'][] = action.role === 'owner' ? [[senderId, 'admin']] : [];
  return [...formerOwner, [action.userId, action.role]];
}
