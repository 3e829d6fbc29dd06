import { LRUCache } from 'lru-cache';
import type { ConversationId, UserId } from '../../../../contract/index.js';
import type { ConversationModel, ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel, MemberRecord } from '../../models/memberModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { monotonicMs } from '../../utils/clock.js';
import { BatchLoader } from '../../utils/batchLoader.js';
import { isValid } from './validConversation.js';
import { effectOf, fold, type MembershipEvent, type MemberFacts, type Membership } from './membership.js';
import type { MembershipWriter } from './membershipWriter.js';

interface StoreDeps {
  conversations: Pick<ConversationModel, 'findByIds'>;
  members: Pick<MemberModel, 'findCurrent' | 'findOwnersAndAdmins' | 'findByUsers'>;
  messages: Pick<MessageModel, 'findMembershipEvents'>;
  /** Notes events that are folded here: the process that committed them may have died before it wrote their effect. */
  writer: MembershipWriter;
}

interface Known {
  membership: Membership;
  checkedAtMs: number;
}

/** Members held in memory over all conversations, approximately. */
const MAX_HELD = 500_000;
/** Users held per channel. Beyond it those without a role are dropped, and looked up again when they are needed. */
const MAX_CHANNEL_USERS = 2_000;

/**
 * Returns a log record as a membership event; undefined for records that change no membership, or their author's only.
 */
export const toMembershipEvent = (record: MessageRecord): MembershipEvent | undefined => {
  const action = effectOf(record);
  return action && { seq: record.seq, n: record.n, senderId: record.senderId, action };
};

/**
 * Memberships of conversations in memory. A kept membership is only a starting point: `current` reads later membership
 * events from the log each time, in one small index range that is nearly always empty.
 */
export class MembershipStore {
  readonly #deps: StoreDeps;
  readonly #known = new LRUCache<ConversationId, Known>({
    maxSize: MAX_HELD,
    sizeCalculation: ({ membership }) => 10 + membership.members.size,
  });
  readonly #loading: BatchLoader<ConversationId, Membership>;

  constructor(deps: StoreDeps) {
    this.#deps = deps;
    this.#loading = new BatchLoader(
      (ids) => this.#bringUpToDate(ids),
      ({ conversationId }) => [conversationId],
    );
  }

  /**
   * Returns the membership according to the log, at some moment after the call; undefined when the conversation does not
   * exist or is damaged.
   */
  async current(id: ConversationId): Promise<Membership | undefined> {
    const [membership] = await this.#loading.load([id]);
    return membership;
  }

  /**
   * As `current`, for a caller who has just read the end of the log: needs no query while no membership event is newer
   * than the held membership.
   *
   * @param control `seq` of the last membership event as of the end of the log; undefined when nothing was read.
   * @param readAtMs time before the end was read (monotonic, ms).
   */
  async asOf(id: ConversationId, control: number | undefined, readAtMs = 0): Promise<Membership | undefined> {
    const held = control === undefined ? undefined : this.peek(id);
    if (control === undefined || held === undefined || held.control < control) return this.current(id);
    this.confirm(id, control, readAtMs);
    return held;
  }

  /** Notes that the log had no membership event after `control` at a time (monotonic, ms): see `recent`. */
  confirm(id: ConversationId, control: number, atMs: number): void {
    const known = this.#known.get(id);
    if (known === undefined || known.membership.control < control) return;
    known.checkedAtMs = Math.max(known.checkedAtMs, atMs);
  }

  /** As `current`, for several conversations. Returned by id. */
  async currentOf(ids: readonly ConversationId[]): Promise<Map<ConversationId, Membership>> {
    const found = await this.#loading.load(ids);
    return new Map(found.map((membership) => [membership.conversationId, membership]));
  }

  /** Returns a membership that is at most `maxAgeMs` old. */
  async recent(id: ConversationId, maxAgeMs: number): Promise<Membership | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined && monotonicMs() - known.checkedAtMs <= maxAgeMs) return known.membership;
    return this.current(id);
  }

  /**
   * Returns the memberships held in memory, and those of the other records as their documents say, however old. Commits
   * are checked against the log, so an old membership does no harm there.
   */
  async known(records: readonly ConversationRecord[]): Promise<Map<ConversationId, Membership>> {
    const held = records.flatMap(({ _id }) => this.peek(_id) ?? []);
    const heldIds = new Set(held.map(({ conversationId }) => conversationId));
    const loaded = await this.#complete(records.filter(({ _id }) => !heldIds.has(_id)));
    for (const membership of loaded) this.put(membership);
    return new Map([...held, ...loaded].map((membership) => [membership.conversationId, membership]));
  }

  /** Returns the membership held in memory, however old. */
  peek(id: ConversationId): Membership | undefined {
    return this.#known.get(id)?.membership;
  }

  /** Keeps a membership unless a newer one is held. */
  put(membership: Membership): void {
    const known = this.#known.get(membership.conversationId);
    if (known !== undefined && known.membership.control >= membership.control) return;
    const checkedAtMs = known?.checkedAtMs ?? 0;
    this.#known.set(membership.conversationId, { membership: this.#trim(membership), checkedAtMs });
  }

  /**
   * Returns facts about these users, as of `membership` or later. For channels, users that are not held in memory are
   * looked up in their documents, which are at least as new as the membership that was read first.
   */
  async complete(
    membership: Membership,
    userIds: readonly UserId[],
  ): Promise<ReadonlyMap<UserId, MemberFacts>> {
    if (membership.type !== 'channel') return membership.members;
    const { conversationId, members, gone } = membership;
    const isComplete = (id: UserId): boolean => members.get(id)?.isRoleOnly !== true && members.has(id);
    const unknown = userIds.filter((id) => !isComplete(id) && !gone.has(id));
    if (unknown.length === 0) return members;
    const found = factsOf(await this.#deps.members.findByUsers(conversationId, unknown));
    // The document may be older than the event that gave the role.
    const withRole = ([id, facts]: [UserId, MemberFacts]): [UserId, MemberFacts] => [
      id,
      { ...facts, role: members.get(id)?.role ?? facts.role },
    ];
    const completed = found.map(withRole);
    this.#keepRoles(membership, completed);
    return new Map([...members, ...completed]);
  }

  /** Keeps the completed facts of members with a role, which are held in memory anyway. */
  #keepRoles(membership: Membership, completed: readonly [UserId, MemberFacts][]): void {
    const known = this.#known.get(membership.conversationId);
    const kept = completed.filter(([id]) => membership.members.has(id));
    if (known?.membership !== membership || kept.length === 0) return;
    known.membership = { ...membership, members: new Map([...membership.members, ...kept]) };
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
    const records = await this.#deps.messages.findMembershipEvents(base.conversationId, base.control);
    const entries = records.flatMap((record) => toMembershipEvent(record) ?? []);
    const membership = entries.reduce(fold, base);
    if (entries.length > 0) this.#deps.writer.note({ before: base, entries, after: membership });
    const known = this.#known.get(base.conversationId)?.membership;
    const newest = known !== undefined && known.control > membership.control ? known : membership;
    this.#known.set(base.conversationId, { membership: this.#trim(newest), checkedAtMs: askedMs });
    return newest;
  }

  async #load(ids: readonly ConversationId[]): Promise<Membership[]> {
    return ids.length === 0 ? [] : this.#complete(await this.#deps.conversations.findByIds(ids));
  }

  /**
   * Returns memberships according to the stored documents, without membership events that are not applied to them yet.
   */
  async #complete(found: readonly ConversationRecord[]): Promise<Membership[]> {
    const records = found.filter((record) => isValid(record) || isSplit(record));
    const groups = records.filter(({ type }) => type === 'group').map(({ _id }) => _id);
    const channels = records.filter(({ type }) => type === 'channel').map(({ _id }) => _id);
    const [inGroups, staff] = await Promise.all([
      this.#deps.members.findCurrent(groups),
      this.#deps.members.findOwnersAndAdmins(channels),
    ]);
    const byConversation = groupBy([...inGroups, ...staff], ({ conversationId }) => conversationId);
    return records.map((record) => toMembership(record, byConversation.get(record._id) ?? []));
  }

  #trim(membership: Membership): Membership {
    if (membership.type !== 'channel' || membership.members.size + membership.gone.size < MAX_CHANNEL_USERS) {
      return membership;
    }
    // Users may be dropped only when their documents are up to date.
    if (!this.#deps.writer.isWritten(membership.conversationId)) return membership;
    const staff = [...membership.members].filter(([, { role }]) => role !== 'member');
    return { ...membership, members: new Map(staff), gone: new Set() };
  }
}

/** True for a damaged direct conversation with more than two members that was split: its members are redirected. */
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
    isLarge: record.apart ?? record.type === 'channel',
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
