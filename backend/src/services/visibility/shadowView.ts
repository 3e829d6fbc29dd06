import type { ConversationId, Role, UserId } from '../../../../contract/index.js';
import type { ChangeModel, ChangeRecord } from '../../models/changeModel.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { withShadowPins } from './shadowChanges.js';
import { foldShadow, type Membership, type MembershipStore } from '../membership/index.js';
import type { Restrictions } from './restrictions.js';

interface ShadowViewDeps {
  changes: Pick<ChangeModel, 'findShadow'>;
  messages: Pick<MessageModel, 'findShadowActions'>;
  memberships: Pick<MembershipStore, 'currentOf'>;
  restrictions: Pick<Restrictions, 'shadowOf'>;
}

/** Number of newest message changes that a restricted user sees of their own. Older ones are not shown. */
export const MAX_SHADOW_CHANGES = 1_000;
/** Number of newest membership events that a restricted user sees of their own. */
export const MAX_SHADOW_ACTIONS = 500;

type Roles = ReadonlyMap<UserId, Role>;

export interface SeenConversations {
  records: readonly ConversationRecord[];
  /** Roles by conversation, where the viewer sees other roles than other members do. */
  roles: ReadonlyMap<ConversationId, Roles>;
}

/**
 * Applies the changes of a restricted user to what this user reads, while the restriction lasts. Other users do
 * not see these changes, and their reads need no extra query.
 */
export class ShadowView {
  readonly #deps: ShadowViewDeps;

  constructor(deps: ShadowViewDeps) {
    this.#deps = deps;
  }

  isRestricted(viewer: UserId): boolean {
    return this.#deps.restrictions.shadowOf(viewer) !== undefined;
  }

  /** Returns the viewer's shadow changes of messages, oldest first. No query for viewers without a restriction. */
  async changes(viewer: UserId, ids: readonly ConversationId[]): Promise<ChangeRecord[]> {
    const restrictedAt = this.#deps.restrictions.shadowOf(viewer)?.restrictedAt;
    if (restrictedAt === undefined) return [];
    const range = { by: viewer, restrictedAt, limit: MAX_SHADOW_CHANGES };
    return this.#deps.changes.findShadow(ids, range);
  }

  /** Returns conversations with the viewer's shadow changes of names, members, rules and pins applied. */
  async conversations(viewer: UserId, records: readonly ConversationRecord[]): Promise<SeenConversations> {
    if (!this.isRestricted(viewer)) return { records, roles: new Map() };
    const ids = records.map(({ _id }) => _id);
    const [changes, actions] = await Promise.all([this.changes(viewer, ids), this.#actions(viewer, ids)]);
    const changesById = groupBy(changes, ({ conversationId }) => conversationId);
    const actionsById = groupBy(actions, ({ conversationId }) => conversationId);
    const current = await this.#deps.memberships.currentOf([...actionsById.keys()]);
    const seen = new Map(
      [...current].map(([id, membership]) => [id, foldShadow(membership, actionsById.get(id) ?? [])]),
    );
    return {
      records: records.map((record) => {
        const membership = seen.get(record._id);
        const pinned = withShadowPins(record.pinned ?? [], changesById.get(record._id) ?? []);
        const withPins = pinned === record.pinned ? record : { ...record, pinned: [...pinned] };
        return membership === undefined ? withPins : withMembership(withPins, membership);
      }),
      roles: new Map([...seen].map(([id, { members }]) => [id, rolesOf(members)])),
    };
  }

  /** Returns a membership with the viewer's shadow events applied. */
  async membership(viewer: UserId, membership: Membership): Promise<Membership> {
    const actions = await this.#actions(viewer, [membership.conversationId]);
    return actions.length === 0 ? membership : foldShadow(membership, actions);
  }

  async #actions(viewer: UserId, ids: readonly ConversationId[]): Promise<MessageRecord[]> {
    const restrictedAt = this.#deps.restrictions.shadowOf(viewer)?.restrictedAt;
    if (restrictedAt === undefined) return [];
    const range = { restrictedAt, limit: MAX_SHADOW_ACTIONS };
    return this.#deps.messages.findShadowActions(viewer, ids, range);
  }
}

const rolesOf = (members: Membership['members']): Roles =>
  new Map([...members].map(([userId, { role }]) => [userId, role]));

/** Omits undefined names and pictures, as the database does: `exactOptionalPropertyTypes` forbids undefined values. */
function withMembership(record: ConversationRecord, membership: Membership): ConversationRecord {
  const { name, avatar, history, open, memberCount, members } = membership;
  const { name: _name, avatar: _avatar, ...rest } = record;
  return {
    ...rest,
    ...(name !== undefined && { name }),
    ...(avatar !== undefined && { avatar }),
    history,
    open,
    memberCount,
    participants: record.apart === true ? record.participants : [...members.keys()].sort(),
  };
}
