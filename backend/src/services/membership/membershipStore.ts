import { LRUCache } from 'lru-cache';
import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { monotonicMs } from '../../utils/clock.js';
import { BatchLoader } from '../../utils/batchLoader.js';
import { isSound } from '../sound.js';
import { fold, type ControlEntry, type MemberFacts, type Membership } from './membership.js';
import type { MembershipWriter } from './membershipWriter.js';

interface StoreParts {
  conversations: Pick<ConversationModel, 'findByIds'>;
  members: Pick<MemberModel, 'findCurrent' | 'findStaff' | 'findPairs'>;
  messages: Pick<MessageModel, 'findControls'>;
  /** What is folded here for the first time may not be derived yet: its writer may have died. */
  writer: MembershipWriter;
}

interface Known {
  membership: Membership;
  checkedAtMs: number;
}

/** Members held in memory over all conversations, roughly. */
const MAX_HELD = 500_000;
/** A channel that has met more people than this since it was read forgets those without a role. */
const MAX_MET = 2_000;

/** A record of the log as the fold takes it; undefined for an ordinary message. */
export const toControlEntry = ({ seq, senderId, action }: MessageRecord): ControlEntry | undefined =>
  action === undefined ? undefined : { seq, senderId, action };

/**
 * Who is in which conversation, in memory. What is kept is never an answer by itself: `current` reads the control
 * entries behind it from the log each time, one small index range that is nearly always empty.
 */
export class MembershipStore {
  readonly #parts: StoreParts;
  readonly #known = new LRUCache<ConversationId, Known>({
    maxSize: MAX_HELD,
    sizeCalculation: ({ membership }) => 10 + membership.members.size,
  });
  readonly #loading: BatchLoader<ConversationId, Membership>;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#loading = new BatchLoader(
      (ids) => this.#bringUpToDate(ids),
      ({ conversationId }) => [conversationId],
    );
  }

  /** As the log has it at some moment after the call; undefined for a conversation that is not there or is damaged. */
  async current(id: ConversationId): Promise<Membership | undefined> {
    const [membership] = await this.#loading.load([id]);
    return membership;
  }

  /** The same for many, by id. */
  async currentOf(ids: readonly ConversationId[]): Promise<Map<ConversationId, Membership>> {
    const found = await this.#loading.load(ids);
    return new Map(found.map((membership) => [membership.conversationId, membership]));
  }

  /** As it was at most this long ago, in ms. */
  async recent(id: ConversationId, maxAgeMs: number): Promise<Membership | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined && monotonicMs() - known.checkedAtMs <= maxAgeMs) return known.membership;
    return this.current(id);
  }

  /**
   * Whatever is known here, or else follows from documents just read, however old: the log corrects whoever commits by
   * it.
   */
  async known(records: readonly ConversationRecord[]): Promise<Map<ConversationId, Membership>> {
    const here = records.flatMap(({ _id }) => this.peek(_id) ?? []);
    const held = new Set(here.map(({ conversationId }) => conversationId));
    const loaded = await this.#complete(records.filter(({ _id }) => !held.has(_id)));
    for (const membership of loaded) this.put(membership);
    return new Map([...here, ...loaded].map((membership) => [membership.conversationId, membership]));
  }

  /** Whatever is known here. */
  peek(id: ConversationId): Membership | undefined {
    return this.#known.get(id)?.membership;
  }

  /** Takes over what was committed here. */
  put(membership: Membership): void {
    const known = this.#known.get(membership.conversationId);
    if (known !== undefined && known.membership.control >= membership.control) return;
    const checkedAtMs = known?.checkedAtMs ?? 0;
    this.#known.set(membership.conversationId, { membership: this.#trim(membership), checkedAtMs });
  }

  /**
   * Facts about these users, as of `membership` or later. Of a channel those whom the fold has not met are looked up
   * in their documents, which are at least as new as what the fold began with.
   */
  async complete(
    membership: Membership,
    userIds: readonly UserId[],
  ): Promise<ReadonlyMap<UserId, MemberFacts>> {
    if (membership.type !== 'channel') return membership.members;
    const unknown = userIds.filter((id) => !membership.members.has(id) && !membership.gone.has(id));
    if (unknown.length === 0) return membership.members;
    const found = await this.#parts.members.findPairs(membership.conversationId, unknown);
    return new Map([...membership.members, ...factsOf(found)]);
  }

  async #bringUpToDate(ids: readonly ConversationId[]): Promise<Membership[]> {
    const unknown = ids.filter((id) => !this.#known.has(id));
    const loaded = await this.#load(unknown);
    const bases = [
      ...loaded,
      ...ids.flatMap((id) => {
        const membership = unknown.includes(id) ? undefined : this.peek(id);
        return membership === undefined ? [] : [membership];
      }),
    ];
    return Promise.all(bases.map((base) => this.#catchUp(base)));
  }

  async #catchUp(base: Membership): Promise<Membership> {
    const askedMs = monotonicMs();
    const records = await this.#parts.messages.findControls(base.conversationId, base.control);
    const entries = records.flatMap((record) => toControlEntry(record) ?? []);
    const membership = entries.reduce(fold, base);
    if (entries.length > 0) this.#parts.writer.note({ before: base, entries, after: membership });
    const known = this.#known.get(base.conversationId)?.membership;
    const newest = known !== undefined && known.control > membership.control ? known : membership;
    this.#known.set(base.conversationId, { membership: this.#trim(newest), checkedAtMs: askedMs });
    return newest;
  }

  async #load(ids: readonly ConversationId[]): Promise<Membership[]> {
    return ids.length === 0 ? [] : this.#complete(await this.#parts.conversations.findByIds(ids));
  }

  /** What the stored documents say; the control entries that are not applied to them yet come on top. */
  async #complete(found: readonly ConversationRecord[]): Promise<Membership[]> {
    const records = found.filter((record) => isSound(record) || isSplit(record));
    const groups = records.filter(({ type }) => type === 'group').map(({ _id }) => _id);
    const channels = records.filter(({ type }) => type === 'channel').map(({ _id }) => _id);
    const [inGroups, staff] = await Promise.all([
      this.#parts.members.findCurrent(groups),
      this.#parts.members.findStaff(channels),
    ]);
    const byConversation = groupBy([...inGroups, ...staff], ({ conversationId }) => conversationId);
    return records.map((record) => toMembership(record, byConversation.get(record._id) ?? []));
  }

  #trim(membership: Membership): Membership {
    if (membership.type !== 'channel' || membership.members.size + membership.gone.size < MAX_MET) {
      return membership;
    }
    // Only what the documents say already may be forgotten.
    if (!this.#parts.writer.isWritten(membership.conversationId)) return membership;
    const staff = [...membership.members].filter(([, { role }]) => role !== 'member');
    return { ...membership, members: new Map(staff), gone: new Set() };
  }
}

/** A chat of two with more people in it that was split: its members are led on. */
const isSplit = ({ _id, mergedInto }: ConversationRecord): boolean => mergedInto === _id;

const factsOf = (members: readonly MemberRecord[]): [UserId, MemberFacts][] =>
  members
    .filter(({ leftSeq }) => leftSeq === undefined)
    .map(({ userId, role, joinedSeq }) => [userId, { role, joinedSeq }]);

export function toMembership(record: ConversationRecord, members: readonly MemberRecord[]): Membership {
  const pair = record.participants.map((userId) => [userId, { role: 'member', joinedSeq: 0 }] as const);
  return {
    conversationId: record._id,
    type: record.type,
    control: record.control,
    members: new Map<UserId, MemberFacts>(record.type === 'direct' ? pair : factsOf(members)),
    gone: new Set(),
    isApart: record.apart ?? record.type === 'channel',
    memberCount: record.memberCount,
    removalSeq: record.removalSeq ?? 0,
    name: record.name,
    avatar: record.avatar,
    history: record.history ?? 'all',
    open: record.open ?? false,
    closedBy: record.closedBy,
    blockedBy: new Set(record.blockedBy),
    sealedInto: record.mergedInto,
  };
}
