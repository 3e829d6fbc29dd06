import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { MessageRecord } from '../../models/messageModel.js';

/** A message as its sender made it, before it has a place. */
export interface Draft {
  conversationId: ConversationId;
  senderId: UserId;
  clientMessageId: string;
  /** Of the payload: the same id with another hash is a conflict. */
  payloadHash: string;
  content: string;
  replyTo?: number | undefined;
  /** The socket that waits for the answer, so that it is not told twice. */
  originSocketId?: string | undefined;
}

/** What became of a send: the stored message, and whether it had been stored before. */
export interface Committed {
  message: MessageRecord;
  duplicate: boolean;
  participants: readonly UserId[];
  originSocketId: string | undefined;
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
    alone: false,
    failures: 0,
    outrun: 0,
    abandoned: false,
  };
}

/** The entry as a message at a place. */
export const toRecord = (
  entry: Entry,
  place: { seq: number; n: number; control: number },
): MessageRecord => ({
  _id: entry._id,
  conversationId: entry.draft.conversationId,
  ...place,
  senderId: entry.draft.senderId,
  clientMessageId: entry.draft.clientMessageId,
  payloadHash: entry.draft.payloadHash,
  kind: 'text',
  content: entry.draft.content,
  ...(entry.draft.replyTo !== undefined && { replyTo: entry.draft.replyTo }),
  createdAt: entry.createdAt,
});
