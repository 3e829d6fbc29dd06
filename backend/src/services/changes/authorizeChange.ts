import { emojiKey, LIMITS, SYSTEM_USER_ID } from '../../../../contract/index.js';
import type { ChangeContent } from '../../models/changeModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { AppError } from '../../utils/appError.js';
import {
  type LogState,
  type MemberFacts,
  blocked,
  forbidden,
  mayAs,
  requireInside,
} from '../membership/index.js';
import type { Viewer } from '../visibility/index.js';
import type { ChangeDraft, ChangeRequest } from './change.js';
import type { Ledger } from './ledger.js';

/** Time after sending during which a message may be changed, in ms; 0 for no limit. */
export interface ChangeWindows {
  editMs: number;
  deleteMs: number;
}

interface AuthorizationContext extends LogState {
  /** Messages as the author of the request sees them. */
  ledger: Pick<Ledger, 'message' | 'emojisOf' | 'pinned'>;
  /** The author of the request; undefined for users who are no members. */
  viewer: Pick<Viewer, 'sees'> | undefined;
  nowMs: number;
  windows: ChangeWindows;
}

/** The change to store, the error that refuses it, or `nothing` if the message is in the requested state already. */
export type Verdict = ChangeContent | AppError | 'nothing';

interface ChangeTarget {
  draft: ChangeDraft;
  message: MessageRecord;
  /** Membership of the author of the request. */
  own: MemberFacts;
}

export const noSuchMessage = (): AppError =>
  new AppError('NOT_FOUND', 'There is no such message in this conversation.');

const limitExceeded = (reason: string): AppError => new AppError('LIMIT_EXCEEDED', reason);

/** Checks a request against the message and the membership as of the end of the logs. */
export function authorizeChange(draft: ChangeDraft, context: AuthorizationContext): Verdict {
  const own = requireInside(context, draft.by);
  if (own instanceof AppError) return own;
  const message = context.ledger.message(draft.seq);
  if (message === undefined || context.viewer?.sees(message) !== true) return noSuchMessage();
  if (message.kind === 'system') return forbidden('System messages cannot be changed.');
  const { request } = draft;
  if (request.kind === 'delete') return authorizeDeletion({ draft, message, own }, context);
  if (message.deletedAt !== undefined) return noSuchMessage();
  if (context.membership.blockedBy.size > 0 && !isModeration(draft)) return blocked();
  switch (request.kind) {
    case 'edit':
      return authorizeEdit({ draft, message, own }, context, request);
    case 'reaction':
      return authorizeReaction({ draft, message }, context.ledger, request);
    case 'pin':
      return authorizePin({ draft, own }, context, request);
  }
}

/** True for a change by the app's backend: it may change any message, whatever its age. */
const isModeration = ({ by }: ChangeDraft): boolean => by === SYSTEM_USER_ID;

const emptyText = (): AppError =>
  new AppError('VALIDATION', 'A message without other content needs text: delete the message instead.', {
    details: [{ path: 'content', rule: 'must not be empty' }],
  });

/** True when a message still shows something without its text. */
const hasOtherContent = ({ attachments = [], location, card }: MessageRecord): boolean =>
  attachments.length > 0 || location !== undefined || card !== undefined;

const isExpired = (message: MessageRecord, windowMs: number, nowMs: number): boolean =>
  windowMs > 0 && nowMs - message.createdAt.getTime() > windowMs;

function authorizeEdit(
  { draft, message, own }: ChangeTarget,
  { membership, windows, nowMs }: AuthorizationContext,
  { content }: ChangeRequest & { kind: 'edit' },
): Verdict {
  if (message.senderId !== draft.by && !isModeration(draft)) {
    return forbidden('Only its sender may edit a message.');
  }
  if (membership.type === 'channel' && !mayAs(own.role, 'postToChannel')) {
    return forbidden('In a channel only its owner and admins may edit messages.');
  }
  if (content === '' && !hasOtherContent(message)) return emptyText();
  if (message.content === content) return 'nothing';
  if (isExpired(message, windows.editMs, nowMs) && !isModeration(draft))
    return limitExceeded('This message is too old to be edited.');
  const isFirst = message.editRev === undefined;
  return { kind: 'edit', what: { content, ...(isFirst && { was: message.content }) } };
}

function authorizeDeletion(
  { draft, message, own }: ChangeTarget,
  { membership, windows, nowMs }: AuthorizationContext,
): Verdict {
  const isOwn = message.senderId === draft.by;
  // Direct conversations have no roles: each participant may delete their own messages only.
  const mayDeleteOthers =
    isModeration(draft) || (membership.type !== 'direct' && mayAs(own.role, 'deleteOthersMessages'));
  if (!isOwn && !mayDeleteOthers) return forbidden('Only its sender may delete this message for everyone.');
  if (message.deletedAt !== undefined) return 'nothing';
  if (!mayDeleteOthers && isExpired(message, windows.deleteMs, nowMs)) {
    return limitExceeded('This message is too old to be deleted for everyone.');
  }
  return { kind: 'delete', what: {} };
}

function authorizeReaction(
  { draft, message }: Pick<ChangeTarget, 'draft' | 'message'>,
  ledger: AuthorizationContext['ledger'],
  { emoji, on }: ChangeRequest & { kind: 'reaction' },
): Verdict {
  const own = ledger.emojisOf(draft.seq, draft.by);
  // Older versions stored an emoji as it was typed, with or without variation selectors.
  const isSameEmoji = (one: string): boolean => emojiKey(one) === emojiKey(emoji);
  const given = own.find(isSameEmoji);
  if ((given !== undefined) === on) return 'nothing';
  const reactions = message.reactions ?? [];
  if (on && own.length >= LIMITS.maxReactionsPerUser) {
    return limitExceeded(`A user has at most ${LIMITS.maxReactionsPerUser} reactions on a message.`);
  }
  if (on && reactions.length >= LIMITS.maxReactions && !reactions.some((one) => isSameEmoji(one.emoji))) {
    return limitExceeded(`A message has at most ${LIMITS.maxReactions} different reactions.`);
  }
  return { kind: 'reaction', what: { emoji: given ?? emoji, on } };
}

function authorizePin(
  { draft, own }: Pick<ChangeTarget, 'draft' | 'own'>,
  { membership, ledger }: AuthorizationContext,
  { on }: ChangeRequest & { kind: 'pin' },
): Verdict {
  if (membership.type !== 'direct' && !mayAs(own.role, 'pinMessages')) {
    return forbidden('Only the owner and admins may pin messages.');
  }
  if (ledger.pinned.includes(draft.seq) === on) return 'nothing';
  if (on && ledger.pinned.length >= LIMITS.maxPins) {
    return limitExceeded(`A conversation has at most ${LIMITS.maxPins} pinned messages.`);
  }
  return { kind: 'pin', what: { on } };
}
