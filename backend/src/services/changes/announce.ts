import type { ChangeView, EntryView, PushName, UserId } from '../../../../contract/index.js';
import type { ChangeRecord } from '../../models/changeModel.js';
import type { HideModel } from '../../models/hideModel.js';
import type { ReactionModel } from '../../models/reactionModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { toHidden, type FanOutParts } from '../fanOut.js';
import { visibleFrom, type Membership } from '../membership/membership.js';
import type { MembershipStore } from '../membership/membershipStore.js';
import type { MessageViews } from '../messageViews.js';
import { withOwnReactions } from '../present.js';
import type { Changed, Waiting, Wish } from './change.js';

export interface AnnounceParts {
  views: MessageViews;
  fanOut: FanOutParts;
  hides: Pick<HideModel, 'findUsers'>;
  memberships: Pick<MembershipStore, 'current'>;
  reactions: Pick<ReactionModel, 'findPairs'>;
}

const PUSH_OF = {
  edit: 'message:updated',
  pin: 'message:updated',
  delete: 'message:deleted',
  reaction: 'message:reaction',
} as const satisfies Record<ChangeRecord['kind'], PushName>;

/** A change with the message as somebody sees it. */
export function toChangeView(change: ChangeRecord, message: EntryView): ChangeView {
  const { conversationId, rev, kind, seq, by, at } = change;
  const view = { conversationId, rev, kind, seq, userId: by, at: at.toISOString(), message };
  if (message.kind === 'hidden') return view;
  if (change.kind === 'reaction') return { ...view, emoji: change.what.emoji, on: change.what.on };
  return change.kind === 'pin' ? { ...view, on: change.what.on } : view;
}

/** The answer to a wish that changed nothing: the message as it is, at the end of the change log (0: an empty one). */
export const toUnchangedView = (
  message: EntryView,
  { rev, by, wish }: { rev: number; by: UserId; wish: Wish },
): ChangeView => ({
  ...{ conversationId: message.conversationId, rev, kind: wish.kind, seq: message.seq, userId: by },
  ...{ at: new Date().toISOString(), message },
  ...('emoji' in wish && { emoji: wish.emoji }),
  ...('on' in wish && { on: wish.on }),
});

type Announced = Changed & { change: ChangeRecord };

/**
 * Tells the members what was changed. In direct chats and small groups everybody hears the message as they see it, their
 * own reactions marked; who may not see it hears that there was a change at its place, so that `rev` has no holes.
 */
export async function announceChanges(
  parts: AnnounceParts,
  batch: readonly { waiting: Waiting; changed: Changed }[],
): Promise<void> {
  const real = batch.flatMap(({ waiting, changed }) =>
    changed.change === undefined ? [] : [{ waiting, changed: { ...changed, change: changed.change } }],
  );
  const [first] = real;
  if (first === undefined) return;
  const { draft } = first.waiting;
  // Read anew: who was removed while the changes were written hears nothing of them.
  const [standing, membership] = await Promise.all([
    parts.views.standing([draft.conversationId], draft.by),
    parts.memberships.current(draft.conversationId),
  ]);
  if (membership === undefined) return;
  const views = await parts.views.present(
    real.map(({ changed }) => changed.message),
    standing,
  );
  const seqs = [...new Set(real.map(({ changed }) => changed.message.seq))];
  const [blind, own] = await Promise.all([
    parts.hides.findUsers(draft.conversationId, seqs),
    membership.isApart ? new Map<string, string[]>() : findOwn(parts, membership, seqs),
  ]);
  for (const [index, { waiting, changed }] of real.entries()) {
    const view = views[index];
    if (view === undefined) continue;
    const { seq } = changed.message;
    const told = {
      ...{ changed: { ...changed, membership }, view, blind: blind.get(seq) ?? NOBODY },
      exceptSocketId: waiting.draft.originSocketId,
    };
    const lastSeq = standing.conversations.get(draft.conversationId)?.lastSeq ?? seq;
    if (membership.isApart) tellOpen(parts, told, lastSeq);
    else tellMembers(parts, told, own);
  }
}

const NOBODY: ReadonlySet<UserId> = new Set();
const ownName = (seq: number, userId: UserId): string => `${seq} ${userId}`;

/** The members' own reactions on these messages. */
async function findOwn(
  { reactions }: AnnounceParts,
  { conversationId, members }: Membership,
  seqs: readonly number[],
): Promise<Map<string, string[]>> {
  const found = await reactions.findPairs(conversationId, { seqs, userIds: [...members.keys()] });
  return new Map(found.map(({ seq, userId, emojis }) => [ownName(seq, userId), emojis]));
}

interface Told {
  changed: Announced;
  view: EntryView;
  blind: ReadonlySet<UserId>;
  exceptSocketId: string | undefined;
}

function tellMembers(
  { fanOut: { publisher } }: AnnounceParts,
  { changed: { change, message, membership }, view, blind, exceptSocketId }: Told,
  own: ReadonlyMap<string, string[]>,
): void {
  const event = PUSH_OF[change.kind];
  const options = { exceptSocketId, ...guardOf({ change, message, membership }) };
  const sees = (userId: UserId) => maySee(membership, userId, message.seq) && !blind.has(userId);
  const members = [...membership.members.keys()];
  const seeing = members.filter(sees);
  const hasReactions = view.kind !== 'hidden' && view.reactions.length > 0;
  const ownOf = (userId: UserId): string[] =>
    (hasReactions ? own.get(ownName(message.seq, userId)) : undefined) ?? [];
  for (const [, userIds] of groupBy(seeing, (userId) => JSON.stringify(ownOf(userId)))) {
    const [one] = userIds;
    const emojis = one === undefined ? [] : ownOf(one);
    const seen = view.kind === 'hidden' ? view : withOwnReactions(view, emojis);
    publisher.toUsers(userIds, { event, data: toChangeView(change, seen) }, options);
  }
  const others = members.filter((userId) => !sees(userId));
  publisher.toUsers(others, { event, data: toChangeView(change, toHidden(message)) }, { exceptSocketId });
}

/** Whoever has blocked its sender, and everybody where the sender is restricted, hears of its place alone. */
function guardOf({ change, message, membership }: Omit<Announced, 'rev'>) {
  const { shadow: isSecret = false, senderId: from, kind } = message;
  const isGuarded = isSecret || (membership.type !== 'direct' && kind !== 'system');
  return isGuarded && { from, isSecret, veiled: toChangeView(change, toHidden(message)) };
}

const maySee = (membership: Membership, userId: UserId, seq: number): boolean => {
  const facts = membership.members.get(userId);
  return facts !== undefined && visibleFrom(membership, facts) <= seq;
};

/**
 * In large groups and channels everybody who looks hears the same, without marks of their own reactions; where somebody
 * may not see the message all of them hear the new `rev` alone, and ask.
 */
function tellOpen(
  { fanOut: { publisher } }: AnnounceParts,
  { changed: { change, message, membership }, view, blind, exceptSocketId }: Told,
  lastSeq: number,
): void {
  const { conversationId, seq } = message;
  if (blind.size === 0 && membership.history === 'all') {
    const data = toChangeView(change, view);
    const options = { exceptSocketId, ...guardOf({ change, message, membership }) };
    publisher.toOpen(membership, { event: PUSH_OF[change.kind], data }, options);
  } else {
    const head = { conversationId, lastSeq, rev: change.rev };
    publisher.toOpen(membership, { event: 'conversation:updated', data: { head } }, { exceptSocketId });
  }
  publisher.toRest(membership, { seq });
}
