import { LIMITS } from '../../../../contract/index.js';
import type { What } from '../../models/changeModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { AppError } from '../../utils/appError.js';
import type { Judged } from '../commitLog/entry.js';
import { visibleFrom, type MemberFacts } from '../membership/membership.js';
import { blocked, forbidden, mayAs, requireInside } from '../membership/rules.js';
import type { ChangeDraft, Wish } from './change.js';
import type { Ledger } from './ledger.js';

/** How long after it was sent a message may be changed, in ms; 0 for ever. */
export interface ChangeWindows {
  editMs: number;
  deleteMs: number;
}

interface Court extends Judged {
  ledger: Ledger;
  nowMs: number;
  windows: ChangeWindows;
}

/** What is to be written, why it may not be, or that it is so already. */
export type Verdict = What | AppError | 'nothing';

interface Case {
  draft: ChangeDraft;
  message: MessageRecord;
  own: MemberFacts;
}

export const noSuchMessage = (): AppError =>
  new AppError('NOT_FOUND', 'There is no such message in this conversation.');

const limitExceeded = (what: string): AppError => new AppError('LIMIT_EXCEEDED', what);

/** Judges a wish against the message and the membership as they are at the place where the change would go. */
export function judge(draft: ChangeDraft, court: Court): Verdict {
  const own = requireInside(court, draft.by);
  if (own instanceof AppError) return own;
  const message = court.ledger.message(draft.seq);
  if (message === undefined || message.silent === true || draft.seq < visibleFrom(court.membership, own)) {
    return noSuchMessage();
  }
  if (message.kind === 'system')
    return forbidden('What the server says about a conversation stays as it is.');
  const { wish } = draft;
  if (wish.kind === 'delete') return judgeDeletion({ draft, message, own }, court);
  if (message.deletedAt !== undefined) return noSuchMessage();
  if (court.membership.blockedBy.size > 0) return blocked();
  switch (wish.kind) {
    case 'edit':
      return judgeEdit({ draft, message, own }, court, wish);
    case 'reaction':
      return judgeReaction({ draft, message }, court.ledger, wish);
    case 'pin':
      return judgePin({ draft, own }, court, wish);
  }
}

const isOver = (message: MessageRecord, windowMs: number, nowMs: number): boolean =>
  windowMs > 0 && nowMs - message.createdAt.getTime() > windowMs;

function judgeEdit(
  { draft, message, own }: Case,
  { membership, windows, nowMs }: Court,
  { content }: Wish & { kind: 'edit' },
): Verdict {
  if (message.senderId !== draft.by) return forbidden('Only who wrote a message may change its text.');
  if (membership.type === 'channel' && !mayAs(own.role, 'postToChannel')) {
    return forbidden('In a channel only its owner and admins write.');
  }
  if (message.content === content) return 'nothing';
  if (isOver(message, windows.editMs, nowMs)) return limitExceeded('This message is too old to be edited.');
  const isFirst = message.editRev === undefined;
  return { kind: 'edit', what: { content, ...(isFirst && { was: message.content }) } };
}

function judgeDeletion({ draft, message, own }: Case, { membership, windows, nowMs }: Court): Verdict {
  const isOwn = message.senderId === draft.by;
  // Of a direct conversation nobody is in charge.
  const mayDeleteOthers = membership.type !== 'direct' && mayAs(own.role, 'deleteOthersMessages');
  if (!isOwn && !mayDeleteOthers) return forbidden('Only who wrote a message may delete it for everyone.');
  if (message.deletedAt !== undefined) return 'nothing';
  if (!mayDeleteOthers && isOver(message, windows.deleteMs, nowMs)) {
    return limitExceeded('This message is too old to be deleted for everyone.');
  }
  return { kind: 'delete', what: {} };
}

function judgeReaction(
  { draft, message }: Pick<Case, 'draft' | 'message'>,
  ledger: Ledger,
  { emoji, on }: Wish & { kind: 'reaction' },
): Verdict {
  const own = ledger.emojisOf(draft.seq, draft.by);
  if (own.includes(emoji) === on) return 'nothing';
  const there = message.reactions ?? [];
  if (on && own.length >= LIMITS.maxReactionsPerUser) {
    return limitExceeded(`A user has at most ${LIMITS.maxReactionsPerUser} reactions on a message.`);
  }
  if (on && there.length >= LIMITS.maxReactions && !there.some((one) => one.emoji === emoji)) {
    return limitExceeded(`A message has at most ${LIMITS.maxReactions} different reactions.`);
  }
  return { kind: 'reaction', what: { emoji, on } };
}

function judgePin(
  { draft, own }: Pick<Case, 'draft' | 'own'>,
  { membership, ledger }: Court,
  { on }: Wish & { kind: 'pin' },
): Verdict {
  if (membership.type !== 'direct' && !mayAs(own.role, 'pinMessages')) {
    return forbidden('Only owner and admins pin messages.');
  }
  if (ledger.pinned.includes(draft.seq) === on) return 'nothing';
  if (on && ledger.pinned.length >= LIMITS.maxPins) {
    return limitExceeded(`A conversation has at most ${LIMITS.maxPins} pinned messages.`);
  }
  return { kind: 'pin', what: { on } };
}
