import { hash } from 'node:crypto';
import type { MessageView, SendInput, SentMessageView, UserId } from '../../../contract/index.js';
import { unavailable } from '../utils/appError.js';
import { SharedDeadline } from '../utils/deadline.js';
import type { CommitLog } from './commitLog/commitLog.js';
import type { Committed, MessageBody } from './commitLog/entry.js';
import { audienceOf, type Summaries } from './derived/summaries.js';
import { announceEntry, type FanOutParts } from './fanOut.js';
import type { MessageViews } from './messageViews.js';
import { wordsOf } from './search/words.js';

interface MessageServiceParts {
  commitLog: CommitLog;
  views: MessageViews;
  fanOut: FanOutParts;
  /** After this long a send is answered `UNAVAILABLE`, in ms; the message itself goes on. */
  sendTimeoutMs: number;
}

/** Names the payload: what a retry has to equal. Fields are joined by a character that no text contains. */
function hashPayload({ content, replyTo, attachments, location, card }: SendInput): string {
  const extras = attachments ?? location ?? card;
  const carried = extras === undefined ? '' : `\u0000${JSON.stringify(extras)}`;
  return hash('sha256', `${content ?? ''}\u0000${replyTo ?? ''}${carried}`, 'base64url').slice(0, 22);
}

function toBody({ content = '', replyTo, attachments, location, card }: SendInput): MessageBody {
  const kind = attachments?.[0]?.kind ?? (location ? 'location' : card ? 'card' : 'text');
  const words = wordsOf({ content, attachments, location, card });
  return {
    ...{ kind, content },
    ...(words.length > 0 && { words }),
    ...(replyTo !== undefined && { replyTo }),
    ...(attachments !== undefined && { attachments }),
    ...(location !== undefined && { location }),
    ...(card !== undefined && { card }),
  };
}

export interface SendOptions {
  originSocketId?: string | undefined;
  /** What the client named, where the conversation has moved and its places have changed: a retry says the same. */
  sentReplyTo?: number | undefined;
}

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
  async send(
    caller: UserId,
    input: SendInput,
    { originSocketId, sentReplyTo = input.replyTo }: SendOptions = {},
  ): Promise<SentMessageView> {
    const { commitLog, views } = this.#parts;
    const entry = commitLog.append({
      conversationId: input.conversationId,
      senderId: caller,
      clientMessageId: input.clientMessageId,
      payloadHash: hashPayload({ ...input, replyTo: sentReplyTo }),
      body: toBody(input),
      originSocketId,
    });
    const committed = await this.#deadline.race(entry.promise, () => {
      entry.abandoned = true;
      return unavailable('The database has not answered yet; ask again with the same clientMessageId.');
    });
    if (!committed.duplicate) return { ...views.fresh(committed.message), duplicate: false };
    const message = await views.presentOne(committed.message);
    announce(this.#parts.fanOut, committed, message);
    return { ...message, duplicate: true };
  }
}

/** What the commit log calls once per batch, when it is stored and before anybody is answered. */
export function publishCommitted(
  parts: { summaries: Summaries; views: MessageViews; fanOut: FanOutParts },
  batch: readonly Committed[],
): void {
  for (const committed of batch) {
    if (committed.duplicate) continue;
    parts.summaries.note(committed.message, audienceOf(committed.membership));
    announce(parts.fanOut, committed, parts.views.fresh(committed.message));
  }
}

const announce = (
  fanOut: FanOutParts,
  { message, membership, originSocketId }: Committed,
  view: MessageView,
): void => announceEntry(fanOut, { message, membership, exceptSocketId: originSocketId }, view);
