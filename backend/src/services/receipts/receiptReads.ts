import type { CommandData, ReceiptView, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { Receipt, ReceiptModel } from '../../models/receiptModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { notParticipant } from '../../utils/appError.js';
import type { ChangeService, MessageRef } from '../changes/index.js';
import { findLargePositions, findPositions, type PositionDeps } from '../views/index.js';
import type { Summaries } from '../derived/index.js';
import {
  NO_POSITIONS,
  recipientsOf,
  isFor,
  tallyOf,
  type Recipient,
  type Tally,
} from '../positions/index.js';
import type { PrivacyPolicy } from '../visibility/index.js';
import type { UserDirectory } from '../users/index.js';

interface ReadDeps extends PositionDeps {
  members: Pick<MemberModel, 'findByUser' | 'countReaders' | 'findByUsers'>;
  messages: Pick<MessageModel, 'findSentInRange'>;
  receipts: Pick<ReceiptModel, 'findByMessage'>;
  service: Pick<ChangeService, 'requireVisible'>;
  summaries: Pick<Summaries, 'overlay'>;
  privacyPolicy: PrivacyPolicy;
  users: Pick<UserDirectory, 'views' | 'restrictedIds'>;
}

type Counts = Omit<Tally, 'status'>;

/** Entries after a message that are searched for answers, which show that it was read, and when. */
const MAX_UNTIL_ANSWER = 500;

/** Receipts of a message: members with times, or counts, depending on the size of the conversation. */
export class ReceiptReads {
  readonly #deps: ReadDeps;

  constructor(deps: ReadDeps) {
    this.#deps = deps;
  }

  /**
   * Returns members with times in direct conversations and small groups, exact counts in large groups, and views in
   * channels. Members who have switched read receipts off are not named as readers and see no readers.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND` (no such message, or not one that the caller may see).
   */
  async of(caller: UserId, place: MessageRef): Promise<CommandData<'getReceipts'>> {
    const { service, lookups, summaries } = this.#deps;
    const { message } = await service.requireVisible(caller, place);
    const [stored] = await lookups.conversations.load([place.conversationId]);
    if (stored === undefined) throw notParticipant();
    const conversation = summaries.overlay(stored);
    if (conversation.type === 'channel')
      return { ...place, ...(await this.#countViews(conversation, message)) };
    if (conversation.apart !== true)
      return { ...place, ...(await this.#name(caller, conversation, message)) };
    const reach = await findLargePositions(this.#deps, caller, [conversation]);
    return {
      ...place,
      ...toCounts(recipientsOf(conversation, reach.get(conversation._id) ?? NO_POSITIONS), message),
    };
  }

  /**
   * Counts views in an index, because a channel may have any number of members. Members whose newest post is not in their
   * stored position yet are counted separately. Deliveries are not counted: `deliveredCount` equals `readCount`.
   */
  async #countViews(conversation: ConversationRecord, { seq, senderId }: MessageRecord): Promise<Counts> {
    const { members } = this.#deps;
    const posted = [...(conversation.sentBy ?? [])].filter(
      ([userId, sent]) => userId !== senderId && sent.seq >= seq,
    );
    const exceptIds = [senderId, ...posted.map(([userId]) => userId)];
    const [readers, known] = await Promise.all([
      members.countReaders(conversation._id, seq, [...exceptIds, ...this.#deps.users.restrictedIds()]),
      members.findByUsers(conversation._id, exceptIds),
    ]);
    // Members who have left are not among the recipients either.
    const present = known.filter(({ leftSeq }) => leftSeq === undefined);
    const views =
      readers + present.filter(({ userId, joinedSeq }) => userId !== senderId && joinedSeq <= seq).length;
    const isSenderIn = present.some(({ userId }) => userId === senderId);
    return {
      readCount: views,
      deliveredCount: views,
      recipientCount: conversation.memberCount - (isSenderIn ? 1 : 0),
    };
  }

  async #name(
    caller: UserId,
    conversation: ConversationRecord,
    message: MessageRecord,
  ): Promise<Counts & { members: ReceiptView[] }> {
    const { _id: id, lastSeq } = conversation;
    const stored = await findPositions(this.#deps, caller, [conversation]);
    const positions =
      (await this.#deps.privacyPolicy.redact(caller, [conversation], stored)).get(id) ?? NO_POSITIONS;
    const recipients = recipientsOf(conversation, positions);
    const meant = recipients.filter((recipient) => isFor(message, recipient));
    // Read after the positions: a receipt is stored before its position.
    const [receipts, users] = await Promise.all([
      // The summary may lag behind the positions.
      this.#deps.receipts.findByMessage(id, {
        seq: message.seq,
        lastSeq: 2 * Math.max(lastSeq, message.seq),
      }),
      this.#deps.users.views(meant.map(({ userId }) => userId)),
    ]);
    const times = timesOf(receipts.filter(({ hiddenFrom = [] }) => !hiddenFrom.includes(caller)));
    const answered = await this.#findAnswers(message, meant, { times, viewer: caller });
    const members = meant.map((recipient): ReceiptView => {
      const { userId } = recipient;
      return {
        userId,
        user: users.get(userId) ?? { _id: userId },
        ...toReached(recipient, message.seq, { ...times.get(userId), answeredAt: answered.get(userId) }),
      };
    });
    return { ...toCounts(recipients, message), members };
  }

  /** Times of first answers, for readers without a stored receipt: answering implies having read the earlier messages. */
  async #findAnswers(
    { conversationId, seq }: MessageRecord,
    recipients: readonly Recipient[],
    { times, viewer }: { times: ReadonlyMap<UserId, Times>; viewer: UserId },
  ): Promise<ReadonlyMap<UserId, Date>> {
    const silent = recipients.filter(
      ({ userId, readSeq }) => readSeq >= seq && times.get(userId)?.readAt === undefined,
    );
    const answers = await this.#deps.messages.findSentInRange(
      conversationId,
      silent.map(({ userId }) => userId),
      { afterSeq: seq, toSeq: seq + MAX_UNTIL_ANSWER, viewer },
    );
    // Reversed, so that the first answer of each sender is kept.
    return new Map(answers.toReversed().map(({ senderId, createdAt }) => [senderId, createdAt]));
  }
}

interface Times {
  readAt?: Date;
  deliveredAt?: Date;
}

function toCounts(recipients: readonly Recipient[], message: MessageRecord): Counts {
  const { status: _status, ...counts } = tallyOf(recipients, message);
  return counts;
}

const earliest = (receipts: readonly Receipt[]): Date | undefined =>
  receipts.map(({ at }) => at).sort((a, b) => a.getTime() - b.getTime())[0];

/** First times at which each user got and read a message. A read message counts as delivered. */
function timesOf(receipts: readonly Receipt[]): Map<UserId, Times> {
  return new Map(
    [...groupBy(receipts, ({ userId }) => userId)].map(([userId, own]) => {
      const readAt = earliest(own.filter(({ kind }) => kind === 'read'));
      const deliveredAt = earliest(own);
      return [userId, { ...(readAt && { readAt }), ...(deliveredAt && { deliveredAt }) }];
    }),
  );
}

/** Returns whether a recipient has got and read a message, with the known times. */
function toReached(
  { readSeq, deliveredSeq }: Recipient,
  seq: number,
  { readAt, deliveredAt, answeredAt }: Times & { answeredAt: Date | undefined },
): Pick<ReceiptView, 'read' | 'readAt' | 'delivered' | 'deliveredAt'> {
  const [read, delivered] = [readSeq >= seq, deliveredSeq >= seq];
  const [wasRead, wasDelivered] = [readAt ?? answeredAt, deliveredAt ?? answeredAt];
  return {
    delivered,
    ...(delivered && wasDelivered && { deliveredAt: wasDelivered.toISOString() }),
    read,
    ...(read && wasRead && { readAt: wasRead.toISOString() }),
  };
}
