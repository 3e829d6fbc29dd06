import type {
  Action,
  Card,
  ConversationId,
  Location,
  MessageId,
  MessageKind,
  UserId,
} from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { StoredAttachment } from '../../models/storedAttachment.js';
import type { AppError } from '../../utils/appError.js';
import { createDeferred } from '../../utils/deferred.js';
import { type LogState, isSilent, type Membership } from '../membership/index.js';
import type { Shadow } from '../visibility/index.js';

interface DraftBase {
  conversationId: ConversationId;
  senderId: UserId;
  clientMessageId: string;
  /** Hash of the original payload. The same id with another hash is a conflict. */
  payloadHash: string;
  /** The socket that waits for the answer. It gets no push of its own message. */
  originSocketId?: string | undefined;
}

/** Content of a message. */
export interface MessageBody {
  kind: Exclude<MessageKind, 'system'>;
  content: string;
  replyTo?: number;
  attachments?: StoredAttachment[];
  location?: Location;
  card?: Card;
  words?: string[];
  flag?: { reason?: string };
}

/** A message as its sender made it, before it has a `seq`. */
export interface MessageDraft extends DraftBase {
  body: MessageBody;
}

/** The action to write, the error that refuses it, or `nothing` when the log already contains its effect. */
export type Decision = { action: Action } | { refusal: AppError } | 'nothing';

/** A membership event. Its action is decided again at each attempt for a `seq`, by the membership just before it. */
export interface MembershipEventDraft extends DraftBase {
  decide: (state: LogState) => Decision;
  /** Users whose membership the decision needs, besides the sender. */
  about: readonly UserId[];
  /** True when the app's backend or a moderator acts for the sender: restrictions do not apply. */
  isTrusted?: boolean | undefined;
}

export type Draft = MessageDraft | MembershipEventDraft;

export const isMembershipEvent = (draft: Draft): draft is MembershipEventDraft => 'decide' in draft;

/** Result of a send: the stored message, and whether it had been stored before. */
export interface Committed {
  message: MessageRecord;
  duplicate: boolean;
  /** Membership as of the message, including its effect. */
  membership: Membership;
  originSocketId: string | undefined;
}

/** Thrown when a membership event would change nothing. It is not a failure. */
export class NothingToDo extends Error {
  constructor(readonly membership: Membership) {
    super('the membership event would change nothing');
    this.name = 'NothingToDo';
  }
}

/** A draft on its way into the log. It keeps its id over all attempts, so that a stored entry is recognised. */
export interface Entry {
  readonly _id: MessageId;
  readonly key: string;
  readonly draft: Draft;
  /** Database time. */
  readonly createdAt: Date;
  readonly promise: Promise<Committed>;
  resolve: (committed: Committed) => void;
  reject: (error: unknown) => void;
  /** Membership events only: the action decided for the `seq` that the entry is being appended at. */
  action: Action | undefined;
  /** Set when only the sender may see the membership event. */
  shadow: Shadow | undefined;
  /** Earlier shadow entries of a restricted sender that changed the conversation. Only the sender sees them. */
  ownActions: readonly MessageRecord[];
  /** True when the entry must be inserted alone, because a batch with it failed as a whole. */
  alone: boolean;
  /** Number of times it failed as a batch of one while the database accepted other writes. */
  failures: number;
  /** Number of times it lost its `seq` to a process that had announced it. After `MAX_LOST_RACES`, the log is read. */
  lostRaces: number;
  /**
   * True when a user whom the sender has never met has blocked the sender: the message is stored for the sender
   * alone.
   */
  isUnseen: boolean;
  /**
   * True when the sender's request has timed out. Its socket then receives the push, like the sender's other sockets.
   */
  abandoned: boolean;
}

export const entryKey = (draft: Pick<Draft, 'senderId' | 'clientMessageId'>): string =>
  `${draft.clientMessageId}\u0000${draft.senderId}`;

/**
 * True when a draft repeats the message stored under its id. Deleted messages have no hash, so there the id decides.
 */
export const isRepeat = (
  { payloadHash, deletedAt }: Pick<MessageRecord, 'payloadHash' | 'deletedAt'>,
  draft: Pick<Draft, 'payloadHash'>,
): boolean => deletedAt !== undefined || payloadHash === draft.payloadHash;

/** @param createdAt database time. */
export function createEntry(draft: Draft, _id: MessageId, createdAt: Date): Entry {
  const { promise, resolve, reject } = createDeferred<Committed>();
  // The sender may have stopped waiting. A late refusal must not become an unhandled rejection.
  promise.catch(() => undefined);
  return {
    _id,
    key: entryKey(draft),
    draft,
    createdAt,
    promise,
    resolve,
    reject,
    action: undefined,
    shadow: undefined,
    ownActions: [],
    alone: false,
    failures: 0,
    lostRaces: 0,
    isUnseen: false,
    abandoned: false,
  };
}

/** Flags that hide a message, or the read position implied by it, from others. */
export type SecrecyMarks = Pick<MessageRecord, 'shadow' | 'quiet' | 'quietFor'>;

/** Returns the record of an entry that is appended after the tail of a log. */
export function toRecord(
  entry: Entry,
  tail: { seq: number; n: number; control: number },
  { type, marksOf }: { type: Membership['type']; marksOf: (senderId: UserId) => SecrecyMarks },
): MessageRecord {
  const { draft, action, shadow } = entry;
  const seq = tail.seq + 1;
  const base = {
    _id: entry._id,
    conversationId: draft.conversationId,
    seq,
    senderId: draft.senderId,
    clientMessageId: draft.clientMessageId,
    payloadHash: draft.payloadHash,
    createdAt: entry.createdAt,
  };
  if (!isMembershipEvent(draft)) {
    const marks: SecrecyMarks = entry.isUnseen ? { shadow: true } : marksOf(draft.senderId);
    const n = marks.shadow === true ? tail.n : tail.n + 1;
    return { ...base, n, control: tail.control, ...marks, ...draft.body };
  }
  if (action === undefined) throw new Error('a membership event was sequenced before it was decided');
  // A shadow entry is not a membership event in the log, except for the one that creates a group.
  const isMembershipEventEntry = shadow === undefined || action.type === 'created';
  const position = {
    n: tail.n,
    control: isMembershipEventEntry ? seq : tail.control,
    ...(isMembershipEventEntry && { controlSeq: seq }),
    ...shadow,
  };
  return {
    ...base,
    ...position,
    kind: 'system',
    content: '',
    action,
    ...(isSilent(type, action) && { silent: true }),
  };
}
