import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { ChangeRecord, ChangeContent } from '../../models/changeModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import { createDeferred, type Deferred } from '../../utils/deferred.js';
import type { Membership } from '../membership/index.js';
import type { ReactionRecord } from '../../models/reactionModel.js';
import type { LoadedConversations } from '../views/index.js';
import type { Shadow, Viewer } from '../visibility/index.js';

/** A change of a message that a user requests. */
export type ChangeRequest =
  | { kind: 'edit'; content: string; flag?: { reason?: string } }
  | { kind: 'delete' }
  | { kind: 'reaction'; emoji: string; on: boolean }
  | { kind: 'pin'; on: boolean };

export interface ChangeDraft {
  conversationId: ConversationId;
  seq: number;
  by: UserId;
  request: ChangeRequest;
  /** Socket that receives the answer, so that it receives no push. */
  originSocketId?: string | undefined;
}

/** Result of a request. */
export interface Changed {
  /** Undefined when the message was in the requested state already: nothing was stored. */
  change: ChangeRecord | undefined;
  /** The message as of `rev`. */
  message: MessageRecord;
  rev: number;
  /** Membership that the request was checked against. */
  membership: Membership;
  /** The author, as the request was checked; undefined for an author who is no member any more. */
  viewer: Viewer | undefined;
  /** Known reactions to the changed messages: in large groups those of the authors of changes, otherwise all. */
  reactions: readonly ReactionRecord[];
  /** The conversation as read after the change was applied; undefined when it was not announced. */
  loaded?: LoadedConversations | undefined;
}

/** A request that waits for its log entry. It keeps its id over all attempts, so that a stored one is recognised. */
export interface QueuedChange extends Deferred<Changed> {
  readonly _id: MessageId;
  readonly draft: ChangeDraft;
  /** True when an attempt may have stored it although no answer of the database arrived. */
  mayBeStored: boolean;
  /** Number of times that the database refused it while it accepted others. */
  failures: number;
}

export function createQueuedChange(draft: ChangeDraft, _id: MessageId): QueuedChange {
  const deferred = createDeferred<Changed>();
  // The caller may have stopped waiting: without this, a late refusal would be an unhandled rejection.
  deferred.promise.catch(() => undefined);
  return { _id, draft, ...deferred, mayBeStored: false, failures: 0 };
}

/** Returns the log entry of an accepted request. */
export const toChangeRecord = (
  { _id, draft }: QueuedChange,
  position: { rev: number; at: Date },
  { what, shadow }: { what: ChangeContent; shadow: Shadow | undefined },
): ChangeRecord => ({
  ...what,
  ...shadow,
  ...('flag' in draft.request && { flag: draft.request.flag }),
  _id,
  conversationId: draft.conversationId,
  seq: draft.seq,
  by: draft.by,
  ...position,
});
