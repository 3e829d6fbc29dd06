import type {
  Action,
  Attachment,
  Card,
  ConversationId,
  Location,
  MessageId,
  MessageKind,
  UserId,
} from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { AppError } from '../../utils/appError.js';
import { isSilent, type MemberFacts, type Membership } from '../membership/membership.js';

interface DraftBase {
  conversationId: ConversationId;
  senderId: UserId;
  clientMessageId: string;
  /** Of the payload: the same id with another hash is a conflict. */
  payloadHash: string;
  /** The socket that waits for the answer, so that it is not told twice. */
  originSocketId?: string | undefined;
}

/** What a message says. */
export interface MessageBody {
  kind: Exclude<MessageKind, 'system'>;
  content: string;
  replyTo?: number;
  attachments?: Attachment[];
  location?: Location;
  card?: Card;
  words?: string[];
}

/** A message as its sender made it, before it has a place. */
export interface MessageDraft extends DraftBase {
  body: MessageBody;
}

/** A conversation at the place where an entry is to go, as far as it concerns whom the entry is about. */
export interface Judged {
  membership: Membership;
  facts: ReadonlyMap<UserId, MemberFacts>;
}

/** What is to be written, why it may not be, or that nothing is left to do. */
export type Decision = { action: Action } | { refusal: AppError } | 'nothing';

/** A control entry: what it does is decided anew at each attempt for a place, by who is in the conversation there. */
export interface ControlDraft extends DraftBase {
  decide: (judged: Judged) => Decision;
  /** Whom the decision has to know about, besides the sender. */
  about: readonly UserId[];
}

export type Draft = MessageDraft | ControlDraft;

export const isControl = (draft: Draft): draft is ControlDraft => 'decide' in draft;

/** What became of a send: the stored message, and whether it had been stored before. */
export interface Committed {
  message: MessageRecord;
  duplicate: boolean;
  /** Who is in the conversation as of the message, the message included. */
  membership: Membership;
  originSocketId: string | undefined;
}

/** Not a failure: the log says already what a control entry was to say. */
export class NothingToDo extends Error {
  constructor(readonly membership: Membership) {
    super('nothing is left to do');
    this.name = 'NothingToDo';
  }
}

/** A draft on its way into the log. It keeps its id over all attempts, so that a stored one is recognised. */
export interface Entry {
  readonly _id: MessageId;
  readonly key: string;
  readonly draft: Draft;
  readonly createdAt: Date;
  readonly promise: Promise<Committed>;
  resolve: (committed: Committed) => void;
  reject: (error: unknown) => void;
  /** Of a control entry: what was decided for the place that it goes for now. */
  action: Action | undefined;
  /** Must go out by itself: a batch that it was in has failed as a whole. */
  alone: boolean;
  /** How often it failed by itself while the database took other writes. */
  failures: number;
  /** How often it lost its place to another process that had said so: now and then the database is asked all the same. */
  outrun: number;
  /** Nobody waits for the answer any more (the client was told to ask again): its socket hears it like the others. */
  abandoned: boolean;
}

export const entryKey = (draft: Pick<Draft, 'senderId' | 'clientMessageId'>): string =>
  `${draft.clientMessageId}\u0000${draft.senderId}`;

export function createEntry(draft: Draft, _id: MessageId): Entry {
  let resolve: Entry['resolve'] = () => undefined;
  let reject: Entry['reject'] = () => undefined;
  const promise = new Promise<Committed>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Whoever sent it may have stopped waiting: a late refusal is then nobody's, and no crash.
  promise.catch(() => undefined);
  return {
    _id,
    key: entryKey(draft),
    draft,
    createdAt: new Date(),
    promise,
    resolve,
    reject,
    action: undefined,
    alone: false,
    failures: 0,
    outrun: 0,
    abandoned: false,
  };
}

/** The entry as a message behind the end of a log. */
export function toRecord(
  entry: Entry,
  tail: { seq: number; n: number; control: number },
  { type, isShadowed }: { type: Membership['type']; isShadowed: (senderId: UserId) => boolean },
): MessageRecord {
  const { draft, action } = entry;
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
  if (!isControl(draft)) {
    return isShadowed(draft.senderId)
      ? { ...base, n: tail.n, control: tail.control, shadow: true, ...draft.body }
      : { ...base, n: tail.n + 1, control: tail.control, ...draft.body };
  }
  if (action === undefined) throw new Error('a control entry was placed before it was decided');
  const place = { n: tail.n, control: seq, controlSeq: seq };
  return {
    ...base,
    ...place,
    kind: 'system',
    content: '',
    action,
    ...(isSilent(type, action) && { silent: true }),
  };
}
