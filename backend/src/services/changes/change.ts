import type { ConversationId, MessageId, UserId } from '../../../../contract/index.js';
import type { ChangeRecord, What } from '../../models/changeModel.js';
import type { MessageRecord } from '../../models/messageModel.js';
import type { Membership } from '../membership/membership.js';

/** What somebody wants to do with a message. */
export type Wish =
  | { kind: 'edit'; content: string }
  | { kind: 'delete' }
  | { kind: 'reaction'; emoji: string; on: boolean }
  | { kind: 'pin'; on: boolean };

export interface ChangeDraft {
  conversationId: ConversationId;
  seq: number;
  by: UserId;
  wish: Wish;
  /** The socket that waits for the answer, so that it is not told twice. */
  originSocketId?: string | undefined;
}

/** What became of a wish. */
export interface Changed {
  /** Undefined when everything was so already: nothing was written. */
  change: ChangeRecord | undefined;
  /** The message as of `rev`. */
  message: MessageRecord;
  rev: number;
  /** Who is in the conversation, as the change was judged. */
  membership: Membership;
}

/** A change on its way into the log. It keeps its id over all attempts, so that a stored one is recognised. */
export interface Waiting {
  readonly _id: MessageId;
  readonly draft: ChangeDraft;
  readonly promise: Promise<Changed>;
  resolve: (changed: Changed) => void;
  reject: (error: unknown) => void;
  /** An attempt may have stored it without our hearing of it. */
  isDoubtful: boolean;
  /** How often the database refused it while it took others. */
  failures: number;
}

export function createWaiting(draft: ChangeDraft, _id: MessageId): Waiting {
  let resolve: Waiting['resolve'] = () => undefined;
  let reject: Waiting['reject'] = () => undefined;
  const promise = new Promise<Changed>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Whoever asked may have stopped waiting: a late refusal is then nobody's, and no crash.
  promise.catch(() => undefined);
  return { _id, draft, promise, resolve, reject, isDoubtful: false, failures: 0 };
}

/** A wish that was granted, as an entry of the log. */
export const toChange = (
  { _id, draft }: Waiting,
  place: { rev: number; at: Date },
  what: What,
): ChangeRecord => ({
  ...what,
  ...{ _id, conversationId: draft.conversationId, seq: draft.seq, by: draft.by },
  ...place,
});
