import { SYSTEM_USER_ID, type ConversationId, type UserId } from '../../../../contract/index.js';
import type { HideModel } from '../../models/hideModel.js';
import type { ChangeRecord } from '../../models/changeModel.js';
import type { Absence } from '../../models/memberDocument.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import { type MemberAccess, absencesAfter, isAbsentAt, toMembershipEvent } from '../membership/index.js';
import type { BlockDirectory } from './blockDirectory.js';
import type { Restrictions } from './restrictions.js';

/** One member as a viewer of a conversation's log. Pages, changes, previews, search and receipts all filter by it. */
export interface Viewer {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  /** First `seq` that the viewer may read. */
  readonly visibleFromSeq: number;
  /** Groups only: users whose messages and reactions are hidden from the viewer. */
  readonly blocked: ReadonlySet<UserId>;
  sees(message: CheckedMessage): boolean;
  /** True when the viewer may see the content of a change. Whether they see its message is a separate check. */
  seesChange(change: Pick<ChangeRecord, 'kind' | 'by' | 'shadow' | 'restrictedAt'>): boolean;
}

type CheckedMessage = Pick<MessageRecord, 'seq' | 'senderId' | 'silent' | 'shadow' | 'restrictedAt' | 'kind'>;

interface VisibilityDeps {
  members: Pick<MemberModel, 'findByUser'>;
  messages: Pick<MessageModel, 'findMembershipEvents'>;
  hides: Pick<HideModel, 'findRange' | 'findHiddenSeqs'>;
  blocks: Pick<BlockDirectory, 'of'>;
  restrictions: Pick<Restrictions, 'shadowOf'>;
}

/** Data that determines what a viewer can see. */
export interface VisibleRange {
  userId: UserId;
  conversationId: ConversationId;
  type: MemberAccess['membership']['type'];
  /** First `seq` that the viewer may read. */
  firstSeq: number;
  /** Users blocked by the viewer. */
  blocked: ReadonlySet<UserId>;
  /** Messages that the viewer has deleted for themselves. */
  hiddenSeqs: ReadonlySet<number>;
  /** Ranges of `seq` during which the viewer was not a member of a group that they have joined again. */
  absences?: readonly Absence[] | undefined;
  /** Start of the viewer's current restriction. */
  restrictedAt: Date | undefined;
}

/**
 * Creates a viewer. In groups, messages and reactions of users blocked by the viewer are hidden. In direct
 * conversations messages from before a block stay visible, as the log accepts none after it. Shadow messages stay
 * visible to their sender. Shadow changes and membership events are visible to their author while the restriction
 * lasts. The system sees all entries of the log.
 */
export function toViewer(range: VisibleRange): Viewer {
  const { userId, conversationId, type, firstSeq, hiddenSeqs, absences } = range;
  const isSystem = userId === SYSTEM_USER_ID;
  const blocked = type === 'direct' ? NO_USERS : range.blocked;
  // Without `restrictedAt`, a shadow message stays visible to its sender for ever.
  const isSameRestriction = (restrictedAt: Date | undefined): boolean =>
    restrictedAt === undefined || restrictedAt.getTime() === range.restrictedAt?.getTime();
  return {
    userId,
    conversationId,
    visibleFromSeq: firstSeq,
    blocked,
    sees: ({ seq, senderId, silent, shadow, restrictedAt, kind }) =>
      seq >= firstSeq &&
      silent !== true &&
      !hiddenSeqs.has(seq) &&
      !isAbsentAt(absences, seq) &&
      (shadow !== true || isSystem || (senderId === userId && isSameRestriction(restrictedAt))) &&
      (kind === 'system' || !blocked.has(senderId)),
    // Pins and deletions by blocked users affect the whole group and stay visible. Only their reactions are
    // hidden.
    seesChange: ({ kind, by, shadow, restrictedAt }) =>
      by === userId
        ? isSameRestriction(restrictedAt)
        : shadow !== true && (kind !== 'reaction' || !blocked.has(by)),
  };
}

const NO_USERS: ReadonlySet<UserId> = new Set();

/** Creates viewers from the database: cleared and hidden messages, absences, blocks and restrictions. */
export class Visibility {
  readonly #deps: VisibilityDeps;

  constructor(deps: VisibilityDeps) {
    this.#deps = deps;
  }

  /**
   * Returns a member as a viewer of the selected part of the log; hidden messages are loaded for that part only.
   *
   * @param part.known the member's document, if it was read during this command and reflects the membership.
   */
  async viewerOf(
    userId: UserId,
    { membership, facts, visibleFromSeq }: MemberAccess,
    { known, ...selection }: SeqSelection & { known?: OwnMember | undefined } = WHOLE_LOG,
  ): Promise<Viewer> {
    const { conversationId, type } = membership;
    const [own, { blocked }] = await Promise.all([
      known === undefined ? this.#findOwn(userId, conversationId) : known.own,
      this.#deps.blocks.of(userId),
    ]);
    const firstSeq = Math.max(visibleFromSeq, (own?.clearedSeq ?? 0) + 1);
    const restrictedAt = this.#deps.restrictions.shadowOf(userId)?.restrictedAt;
    const hiddenSeqs = new Set(await this.#findHidden(userId, conversationId, { selection, own }));
    return toViewer({
      userId,
      conversationId,
      type,
      firstSeq,
      blocked,
      hiddenSeqs,
      restrictedAt,
      absences:
        own !== undefined && isStale(type, own, facts)
          ? await this.#absencesOf(own, membership)
          : own?.absences,
    });
  }

  async #findOwn(userId: UserId, id: ConversationId): Promise<MemberRecord | undefined> {
    const [own] = await this.#deps.members.findByUser(userId, [id]);
    return own;
  }

  /** The member's document names the last hidden message: most members have hidden none, and cost no query. */
  async #findHidden(
    userId: UserId,
    id: ConversationId,
    { selection, own }: { selection: SeqSelection; own: MemberRecord | undefined },
  ): Promise<number[]> {
    const fromSeq = 'seqs' in selection ? Math.min(...selection.seqs) : selection.fromSeq;
    if ((own?.lastHiddenSeq ?? -1) < fromSeq) return [];
    return 'seqs' in selection
      ? this.#deps.hides.findHiddenSeqs(userId, id, selection.seqs)
      : this.#deps.hides.findRange(userId, id, selection);
  }

  /** Computes absences from the log, for a member whose return is not written to their document yet. */
  async #absencesOf(
    own: MemberRecord,
    { conversationId, type }: MemberAccess['membership'],
  ): Promise<readonly Absence[] | undefined> {
    const records = await this.#deps.messages.findMembershipEvents(conversationId, own.joinedSeq);
    const events = records.flatMap((record) => toMembershipEvent(record) ?? []);
    return absencesAfter(type, events, [own]).get(own.userId);
  }
}

/** True when a member's document does not show yet by which entry they joined last. */
function isStale(
  type: MemberAccess['membership']['type'],
  own: MemberRecord,
  { joinedSeq }: MemberAccess['facts'],
): boolean {
  if (type === 'direct') return false;
  // The log of a channel does not always record when a member joined.
  return type === 'channel' ? own.leftSeq !== undefined : own.joinedSeq !== joinedSeq;
}

/** A member's own document; undefined when there is none yet. */
export interface OwnMember {
  own: MemberRecord | undefined;
}

/** Part of a log: a range with both ends included, or single entries. */
type SeqSelection = { fromSeq: number; toSeq: number } | { seqs: readonly number[] };

const WHOLE_LOG: SeqSelection = { fromSeq: 0, toSeq: Number.MAX_SAFE_INTEGER };
