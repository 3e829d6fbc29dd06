import { hash } from 'node:crypto';
import type { SendInput, SentMessageView, UserId } from '../../../contract/index.js';
import { unavailable } from '../utils/appError.js';
import { SharedDeadline } from '../utils/deadline.js';
import type { CommitLog } from './commitLog/commitLog.js';
import type { Committed } from './commitLog/entry.js';
import type { Summaries } from './derived/summaries.js';
import type { MessageViews } from './messageViews.js';
import type { Publisher } from './ports.js';

interface MessageServiceParts {
  commitLog: CommitLog;
  views: MessageViews;
  publisher: Publisher;
  /** After this long a send is answered `UNAVAILABLE`, in ms; the message itself goes on. */
  sendTimeoutMs: number;
}

/** Names the payload: what a retry has to equal. Fields are joined by a character that no text contains. */
const hashPayload = (input: SendInput): string =>
  hash('sha256', `${input.content}\u0000${input.replyTo ?? ''}`, 'base64url').slice(0, 22);

export class MessageService {
  readonly #parts: MessageServiceParts;
  readonly #deadline: SharedDeadline;

  constructor(parts: MessageServiceParts) {
    this.#parts = parts;
    this.#deadline = new SharedDeadline(parts.sendTimeoutMs);
  }

  /**
   * Sends a message: stored first, then emitted to the members, then answered. The order of calls is the order of the
   * messages. The same `clientMessageId` again is answered with the stored message, and emitted again: that heals a
   * crash between storing and emitting, and receivers drop what they have.
   *
   * @throws AppError `NOT_PARTICIPANT`, `CONFLICT`, `VALIDATION`, `UNAVAILABLE` (ask again with the same id),
   * `INTERNAL`.
   */
  async send(caller: UserId, input: SendInput, originSocketId?: string): Promise<SentMessageView> {
    const { commitLog, views } = this.#parts;
    const entry = commitLog.append({
      conversationId: input.conversationId,
      senderId: caller,
      clientMessageId: input.clientMessageId,
      payloadHash: hashPayload(input),
      content: input.content,
      replyTo: input.replyTo,
      originSocketId,
    });
    const committed = await this.#deadline.race(entry.promise, () => {
      entry.abandoned = true;
      return unavailable('The database has not answered yet; ask again with the same clientMessageId.');
    });
    if (!committed.duplicate) return { ...views.fresh(committed.message), duplicate: false };
    const message = await views.presentOne(committed.message);
    announce(this.#parts.publisher, committed, message);
    return { ...message, duplicate: true };
  }
}

/** What the commit log calls once per batch, when it is stored and before anybody is answered. */
export function publishCommitted(
  parts: { summaries: Summaries; views: MessageViews; publisher: Publisher },
  batch: readonly Committed[],
): void {
  for (const committed of batch) {
    if (committed.duplicate) continue;
    parts.summaries.note(committed.message, committed.participants);
    announce(parts.publisher, committed, parts.views.fresh(committed.message));
  }
}

const announce = (
  publisher: Publisher,
  committed: Committed,
  data: ReturnType<MessageViews['fresh']>,
): void =>
  publisher.toUsers(
    committed.participants,
    { event: 'message:new', data },
    { exceptSocketId: committed.originSocketId, place: committed.message },
  );
