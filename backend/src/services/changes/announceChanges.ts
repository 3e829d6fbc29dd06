import type { EntryView, PushName, UserId } from '../../../../contract/index.js';
import type { ChangeRecord } from '../../models/changeModel.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { HideModel } from '../../models/hideModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { ReactionModel, ReactionRecord } from '../../models/reactionModel.js';
import { groupBy } from '../../utils/groupBy.js';
import type { Publisher } from '../ports.js';
import {
  type LoadedConversations,
  type MessageViews,
  withoutDeliveryStatus,
  withOwnReactions,
} from '../views/index.js';
import { findAbsentAt, visibleFrom, type Membership, type MembershipStore } from '../membership/index.js';
import { type BlockDirectory, type Visibility, withoutReactions } from '../visibility/index.js';
import type { Changed, QueuedChange } from './change.js';
import { toChangeView, toHiddenChange } from './changeViews.js';
import { notifyUnread, type UnreadNotifierDeps } from './unreadNotifier.js';

export interface AnnounceDeps extends UnreadNotifierDeps {
  views: MessageViews;
  publisher: Publisher;
  hides: Pick<HideModel, 'findHidingUsers'>;
  members: Pick<MemberModel, 'findAbsent'>;
  memberships: Pick<MembershipStore, 'current' | 'complete'>;
  reactions: Pick<ReactionModel, 'findByMessages'>;
  blocks: Pick<BlockDirectory, 'of'>;
  visibility: Visibility;
}

const PUSH_OF = {
  edit: 'message:updated',
  pin: 'message:updated',
  delete: 'message:deleted',
  reaction: 'message:reaction',
} as const satisfies Record<ChangeRecord['kind'], PushName>;

type Announced = Changed & { change: ChangeRecord };

interface Batch {
  membership: Membership;
  loaded: LoadedConversations;
  context: Awaited<ReturnType<MessageViews['loadContext']>>;
  stored: readonly { queued: QueuedChange; changed: Announced }[];
}

/**
 * Notifies the members of changes. In direct chats and small groups each member receives the message as they see it,
 * with their own reactions marked. Members who may not see it receive a placeholder, so that `rev` has no gap.
 *
 * @param record the conversation after the changes, if it is known.
 * @returns the conversation as read after the changes; undefined when nothing was stored.
 */
export async function announceChanges(
  deps: AnnounceDeps,
  batch: readonly { queued: QueuedChange; changed: Changed }[],
  record: ConversationRecord | undefined,
): Promise<LoadedConversations | undefined> {
  const stored = batch.flatMap(({ queued, changed }) =>
    changed.change === undefined ? [] : [{ queued, changed: { ...changed, change: changed.change } }],
  );
  const [first] = stored;
  if (first === undefined) return undefined;
  const { draft } = first.queued;
  // Read after the write: users removed in the meantime are not notified.
  const [loaded, membership] = await Promise.all([
    deps.views.loadConversations([draft.conversationId], record && [record]),
    deps.memberships.current(draft.conversationId),
  ]);
  if (membership === undefined) return undefined;
  const context = await deps.views.contextFor(draft.by, loaded);
  const isShadow = ({ changed }: (typeof stored)[number]) => changed.change.shadow === true;
  const visibleBatch = { membership, loaded, context, stored: stored.filter((one) => !isShadow(one)) };
  await Promise.all([
    notifyAll(deps, visibleBatch),
    ...stored
      .filter(isShadow)
      .map(({ queued, changed }) => notifyAuthor(deps, visibleBatch, { queued, changed })),
  ]);
  return loaded;
}

async function notifyAll(deps: AnnounceDeps, { membership, loaded, context, stored }: Batch): Promise<void> {
  const { conversationId } = membership;
  const messages = stored.map(({ changed }) => changed.message);
  const seqs = [...new Set(messages.map(({ seq }) => seq))];
  if (seqs.length === 0) return;
  const isLoadedWhole = loaded.stored.some(({ _id, apart }) => _id === conversationId && apart !== true);
  const known = isLoadedWhole ? loaded.positions.get(conversationId) : undefined;
  const [views, senderViews, hiding, absent, blockedReactions] = await Promise.all([
    deps.views.present(messages, context),
    deps.views.presentToSenders(messages, loaded),
    deps.hides.findHidingUsers(
      conversationId,
      seqs,
      isLoadedWhole ? [...(known?.values() ?? [])] : undefined,
    ),
    findAbsentAt(deps.members, membership, { seqs, known }),
    membership.isLarge ? undefined : blockedReactionsOf(deps, membership, stored),
  ]);
  for (const [index, { queued, changed }] of stored.entries()) {
    const view = views[index];
    if (view === undefined) continue;
    const { seq } = changed.message;
    const hiddenFrom = new Set([...(hiding.get(seq) ?? []), ...(absent.get(seq) ?? [])]);
    const announcement = {
      changed: { ...changed, membership },
      hiddenFrom,
      view: withoutDeliveryStatus(view),
      senderView: senderViews[index] ?? view,
      exceptSocketId: queued.draft.originSocketId,
    };
    if (blockedReactions === undefined)
      notifyLarge(deps, announcement, context.conversations.get(conversationId)?.lastSeq ?? seq);
    else notifyMembers(deps, announcement, blockedReactions);
  }
  const deletedSeqs = stored.flatMap(({ changed: { change } }) =>
    change.kind === 'delete' ? [change.seq] : [],
  );
  if (deletedSeqs.length === 0 || membership.isLarge) return;
  const { publisher } = deps;
  await notifyUnread({ ...deps, publisher }, { membership, loaded, deletedSeq: Math.max(...deletedSeqs) });
}

/** Notifies the author of a shadow change. The other members receive only its `rev`. */
async function notifyAuthor(
  { views, visibility, memberships, publisher }: AnnounceDeps,
  { membership, context }: Batch,
  { queued, changed: { change, message } }: Batch['stored'][number],
): Promise<void> {
  const { by, originSocketId: exceptSocketId } = queued.draft;
  const facts = (await memberships.complete(membership, [by])).get(by);
  if (facts === undefined) return;
  const memberAccess = { membership, facts, visibleFromSeq: visibleFrom(membership, facts) };
  const viewer = await visibility.viewerOf(by, memberAccess, { seqs: [message.seq] });
  const [view] = await views.presentFor(viewer, [message], context);
  if (view === undefined) return;
  const push = toPush(change, view);
  const options = { exceptSocketId, from: by, isSecret: true, redacted: toHiddenPush(change) };
  if (membership.isLarge) publisher.toOpen(membership, push, options);
  else publisher.toUsers([...membership.members.keys()], push, options);
}

const NO_USERS: ReadonlySet<UserId> = new Set();

/** Data that makes views of one message differ between members. */
interface BlockedReactions {
  reactionsOn: (seq: number) => readonly ReactionRecord[];
  blockedBy: (userId: UserId) => ReadonlySet<UserId>;
}

/** Returns reactions and blocks for the members of a small group. Blocks are cached after the first read. */
async function blockedReactionsOf(
  { reactions, blocks }: AnnounceDeps,
  { conversationId, members, type }: Membership,
  stored: Batch['stored'],
): Promise<BlockedReactions> {
  const seqs = stored.map(({ changed }) => changed.message.seq);
  const known = stored.flatMap(({ changed }) => (changed.membership.isLarge ? [] : [changed.reactions]))[0];
  const [found, blocked] = await Promise.all([
    // Read only for a large group that has become small a moment ago.
    known ?? reactions.findByMessages(conversationId, seqs),
    Promise.all(
      // A block closes a direct conversation; earlier reactions remain visible.
      type === 'direct'
        ? []
        : [...members.keys()].map(async (id) => [id, (await blocks.of(id)).blocked] as const),
    ),
  ]);
  const [bySeq, byUser] = [groupBy(found, ({ seq }) => seq), new Map(blocked)];
  return {
    reactionsOn: (seq) => bySeq.get(seq) ?? [],
    blockedBy: (userId) => byUser.get(userId) ?? NO_USERS,
  };
}

interface ChangeAnnouncement {
  changed: Announced;
  view: EntryView;
  /** View for the sender of the message: only this one includes the delivery status. */
  senderView: EntryView;
  /** Members who have deleted the message for themselves, or were absent when it was sent. */
  hiddenFrom: ReadonlySet<UserId>;
  exceptSocketId: string | undefined;
}

function notifyMembers(
  { publisher }: AnnounceDeps,
  {
    changed: { change, message, membership },
    view,
    senderView,
    hiddenFrom,
    exceptSocketId,
  }: ChangeAnnouncement,
  blockedReactions: BlockedReactions,
): void {
  const options = { exceptSocketId, ...redactionOf({ change, message, membership }) };
  const sees = (userId: UserId) => maySee(membership, userId, message.seq) && !hiddenFrom.has(userId);
  const members = [...membership.members.keys()];
  const reactions =
    view.kind === 'hidden' || view.reactions.length === 0 ? [] : blockedReactions.reactionsOn(message.seq);
  const fieldsOf = (userId: UserId): PersonalFields => ({
    isSender: userId === message.senderId,
    own: reactions.find((one) => one.userId === userId)?.emojis ?? [],
    blocked: reactions
      .filter((one) => blockedReactions.blockedBy(userId).has(one.userId))
      .flatMap(({ emojis }) => emojis)
      .sort(),
  });
  const byFields = groupBy(members.filter(sees), (userId) => JSON.stringify(fieldsOf(userId)));
  for (const userIds of byFields.values()) {
    const [one] = userIds;
    if (one === undefined) continue;
    const fields = fieldsOf(one);
    const seen = withPersonalFields(fields.isSender ? senderView : view, fields);
    publisher.toUsers(userIds, toPush(change, seen), options);
  }
  const others = members.filter((userId) => !sees(userId));
  publisher.toUsers(others, toHiddenPush(change), options);
}

interface PersonalFields {
  /** Only the sender receives the delivery status. */
  isSender: boolean;
  own: readonly string[];
  /** Reactions of users blocked by the viewer. */
  blocked: readonly string[];
}

function withPersonalFields(view: EntryView, { own, blocked }: PersonalFields): EntryView {
  if (view.kind === 'hidden') return view;
  const visible =
    blocked.length === 0 ? view : { ...view, reactions: withoutReactions(view.reactions, blocked) };
  return withOwnReactions(visible, own);
}

/**
 * Returns the push options that redact a change. Members who have blocked the sender of the message receive only its `rev`,
 * and so does every other member if the message is a shadow message, and who has blocked the author of a reaction.
 */
function redactionOf({ change, message, membership }: Pick<Announced, 'change' | 'message' | 'membership'>) {
  const { shadow: isSecret = false, senderId, kind } = message;
  if (!isSecret && (membership.type === 'direct' || kind === 'system')) return undefined;
  const redacted = toHiddenPush(change);
  if (!isSecret && change.kind === 'reaction') return { from: change.by, about: senderId, redacted };
  return { from: senderId, isSecret, redacted };
}

const toHiddenPush = (change: ChangeRecord) =>
  ({ event: 'message:updated', data: toHiddenChange(change) }) as const;

/** A message that the receiver may not see: it is just as secret who changed it, and how. */
const toPush = (change: ChangeRecord, message: EntryView) =>
  message.kind === 'hidden'
    ? toHiddenPush(change)
    : { event: PUSH_OF[change.kind], data: toChangeView(change, message) };

const maySee = (membership: Membership, userId: UserId, seq: number): boolean => {
  const facts = membership.members.get(userId);
  return facts !== undefined && visibleFrom(membership, facts) <= seq;
};

/**
 * Notifies the sockets that have a large group or channel open. All receive the same view, without marks of their own
 * reactions. Members whose view would differ receive only the new `rev` and read the change: those who have blocked
 * others if there are reactions, and all if some member may not see the message.
 */
function notifyLarge(
  { publisher }: AnnounceDeps,
  { changed: { change, message, membership }, view, hiddenFrom, exceptSocketId }: ChangeAnnouncement,
  lastSeq: number,
): void {
  const { conversationId, seq } = message;
  const head = { conversationId, lastSeq, rev: change.rev };
  const headPush = { event: 'conversation:updated', data: { head } } as const;
  if (hiddenFrom.size === 0 && membership.history === 'all') {
    const isMixed = view.kind !== 'hidden' && view.reactions.length > 0;
    const redaction = redactionOf({ change, message, membership });
    const options = {
      exceptSocketId,
      ...redaction,
      ...(isMixed && redaction && { isMixed, redacted: headPush }),
    };
    publisher.toOpen(membership, toPush(change, view), options);
  } else publisher.toOpen(membership, headPush, { exceptSocketId });
  publisher.toRest(membership, { seq });
}
