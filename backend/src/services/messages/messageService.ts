import { hash } from 'node:crypto';
import type {
  ErrorCode,
  ExternalAttachment,
  MessageView,
  SendInput,
  SentMessageView,
  UserId,
} from '../../../../contract/index.js';
import type { FileUse } from '../../models/attachmentModel.js';
import type { MessageModel } from '../../models/messageModel.js';
import type { StoredAttachment } from '../../models/storedAttachment.js';
import { AppError, unavailable } from '../../utils/appError.js';
import { SharedDeadline } from '../../utils/deadline.js';
import type { SentFiles } from '../attachments/index.js';
import type { CommitLog, Committed, Entry, MessageBody } from '../commitLog/index.js';
import { Sealed, type Access } from '../membership/index.js';
import type { Moderation, Reviewed } from '../moderation/index.js';
import type { MessagePublisher } from './messagePublisher.js';
import type { MessageViews } from '../views/index.js';
import type { OwnMessages } from './ownMessages.js';
import { wordsOf } from '../../utils/searchWords.js';

interface MessageServiceDeps {
  commitLog: CommitLog;
  views: MessageViews;
  ownMessages: OwnMessages;
  publisher: MessagePublisher;
  sentFiles: SentFiles;
  messages: Pick<MessageModel, 'findByClientIds'>;
  access: Pick<Access, 'requireMember'>;
  moderation: Moderation;
  /** After this long a send is answered `UNAVAILABLE`, in ms; the message itself goes on. */
  sendTimeoutMs: number;
}

/** Hash of the payload, which a retry must match. Fields are joined by NUL, which no text contains. */
function hashPayload({ content, replyTo, attachments, location, card }: SendInput): string {
  const extras = attachments ?? location ?? card;
  const carried = extras === undefined ? '' : `\u0000${JSON.stringify(extras)}`;
  return hash('sha256', `${content ?? ''}\u0000${replyTo ?? ''}${carried}`, 'base64url').slice(0, 22);
}

function toBody(
  { content = '', replyTo, location, card }: SendInput,
  attachments: StoredAttachment[] | undefined,
): MessageBody {
  const kind = attachments?.[0]?.kind ?? (location ? 'location' : card ? 'card' : 'text');
  const words = wordsOf({ content, attachments, location, card });
  return {
    kind,
    content,
    ...(words.length > 0 && { words }),
    ...(replyTo !== undefined && { replyTo }),
    ...(attachments !== undefined && { attachments }),
    ...(location !== undefined && { location }),
    ...(card !== undefined && { card }),
  };
}

/** A message on its way into the log. */
interface Queued {
  entry: Entry;
  attachments: StoredAttachment[] | undefined;
}

export interface SendOptions {
  originSocketId?: string | undefined;
  /** `replyTo` as the client sent it, for moved conversations where `seq` has changed: a retry sends the same value. */
  sentReplyTo?: number | undefined;
}

export class MessageService {
  readonly #deps: MessageServiceDeps;
  readonly #deadline: SharedDeadline;

  constructor(deps: MessageServiceDeps) {
    this.#deps = deps;
    this.#deadline = new SharedDeadline(deps.sendTimeoutMs);
  }

  /**
   * Sends a message: stored first, then announced to the members, then answered. The order of calls is the order of the
   * messages. The same `clientMessageId` again is answered with the stored message. A process that has not announced that
   * message itself announces it then: the process that stored it may have died before it could.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND` (a file), `CONFLICT`, `REJECTED`, `VALIDATION`, `UNAVAILABLE` (safe to repeat with the same id),
   * `INTERNAL`.
   */
  async send(
    caller: UserId,
    input: SendInput,
    { originSocketId, sentReplyTo = input.replyTo }: SendOptions = {},
  ): Promise<SentMessageView> {
    const { views, ownMessages, publisher, moderation } = this.#deps;
    const { conversationId, clientMessageId } = input;
    const use = { conversationId, senderId: caller, clientMessageId };
    const options = { originSocketId, sentReplyTo };
    const { entry, attachments } = moderation.reviews(caller)
      ? await this.#appendReviewed(input, use, options)
      : await this.#append({ input, use }, options);
    const stored =
      attachments === undefined ? entry.promise : this.#settleFiles(entry.promise, attachments, use);
    const committed = await this.#deadline.race(stored, () => {
      entry.abandoned = true;
      return unavailable('The database has not answered yet; ask again with the same clientMessageId.');
    });
    if (!committed.duplicate) {
      void moderation.noteFlagged(committed.message);
      return { ...views.presentNew(committed.message), duplicate: false };
    }
    await publisher.publishRepeated(committed);
    // A sender who has left since learns nothing of what others made of the message.
    const [answer] = await ownMessages.present(caller, [committed.message]);
    return { ...(answer ?? asSent(views.presentNew(committed.message), input)), duplicate: true };
  }

  /** Queues a message. @param reviewed text in place of the sender's. */
  async #append(
    { input, use, reviewed }: { input: SendInput; use: FileUse; reviewed?: Reviewed },
    { originSocketId, sentReplyTo }: SendOptions,
  ): Promise<Queued> {
    // Without files the message is queued at once: the order of calls is the order of the messages.
    const attachments = hasFiles(input) ? await this.#takeFiles(input, use) : externalOf(input);
    const body = toBody(
      { ...input, ...(reviewed !== undefined && { content: reviewed.content }) },
      attachments,
    );
    const entry = this.#deps.commitLog.append({
      ...use,
      // Of what was sent, so that a repeat is recognised whatever text was stored.
      payloadHash: hashPayload({ ...input, replyTo: sentReplyTo }),
      body: { ...body, ...(reviewed?.flag !== undefined && { flag: reviewed.flag }) },
      originSocketId,
    });
    return { entry, attachments };
  }

  /** Queues a message that the app's moderation lets pass. A repeat of a stored one is not reviewed again. */
  async #appendReviewed(input: SendInput, use: FileUse, options: SendOptions): Promise<Queued> {
    const { moderation, access, messages } = this.#deps;
    const { conversationId, senderId, clientMessageId } = use;
    const { content = '', attachments, location, card, replyTo } = input;
    // Neither the texts of strangers nor repeats are reviewed.
    const check = async (): Promise<boolean> => {
      await access.requireMember(senderId, conversationId);
      return (await messages.findByClientIds(conversationId, [use])).length > 0;
    };
    const request = {
      id: `review_${hash('sha256', JSON.stringify([conversationId, senderId, clientMessageId]), 'base64url')}`,
      ...{ conversationId, senderId, content },
      message: { attachments, location, card, replyTo },
    };
    return moderation.pass(
      request,
      (reviewed) => this.#append({ input, use, ...(reviewed !== undefined && { reviewed }) }, options),
      check,
    );
  }

  /** Returns the attachments of a message with uploaded files, which then belong to it. */
  async #takeFiles({ attachments = [] }: SendInput, use: FileUse): Promise<StoredAttachment[]> {
    const { sentFiles, messages, access } = this.#deps;
    try {
      return await sentFiles.take(attachments, use);
    } catch (error) {
      // The files of a message that was deleted are gone; its repeat is answered all the same.
      const stored = await messages.findByClientIds(use.conversationId, [use]);
      if (stored.length > 0) return [];
      // Strangers learn first that they are none of the members.
      await access.requireMember(use.senderId, use.conversationId);
      throw error;
    }
  }

  /** Notes that the files of a stored message are sent, and takes those of a refused one back. */
  async #settleFiles(
    committed: Promise<Committed>,
    attachments: readonly StoredAttachment[],
    use: FileUse,
  ): Promise<Committed> {
    const { sentFiles } = this.#deps;
    try {
      const stored = await committed;
      sentFiles.noteSent(attachments);
      return stored;
    } catch (error) {
      const isRefused = error instanceof AppError && !MAY_BE_STORED.has(error.code);
      // Awaited: a message of a merged conversation is sent again to the one that goes on.
      if (isRefused || error instanceof Sealed) await sentFiles.release(attachments, use);
      throw error;
    }
  }
}

/** Errors after which a message with this `clientMessageId` may be stored, and have these files. */
const MAY_BE_STORED: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'INTERNAL', 'CONFLICT']);

const hasFiles = ({ attachments = [] }: SendInput): boolean =>
  attachments.some((one) => 'attachmentId' in one);

const externalOf = ({ attachments }: SendInput): ExternalAttachment[] | undefined =>
  attachments?.flatMap((one) => ('url' in one ? [one] : []));

/** Returns the view of a message in the form in which it was sent. Its uploaded files went with it. */
function asSent(view: MessageView, input: SendInput): MessageView {
  const { deletedAt: _later, ...sent } = view;
  const attachments = externalOf(input) ?? [];
  return { ...sent, content: input.content ?? '', attachments, updatedAt: sent.createdAt };
}
