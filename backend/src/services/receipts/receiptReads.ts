import type { CommandData, ReceiptView, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { MemberModel } from '../../models/memberModel.js';
import type { MessageModel, MessageRecord } from '../../models/messageModel.js';
import type { Receipt, ReceiptModel } from '../../models/receiptModel.js';
import { groupBy } from '../../utils/groupBy.js';
import { notParticipant } from '../../utils/appError.js';
import type { ChangeService, Place } from '../changes/changeService.js';
import { findLargeReach, findPositions, type PositionParts } from '../conversationViews.js';
import type { Summaries } from '../derived/summaries.js';
import { companionsOf, isFor, tallyOf, type Companion, type Positions, type Tally } from '../present.js';
import type { Discretion } from '../safety/discretion.js';
import type { UserDirectory } from '../userDirectory.js';

interface ReadParts extends PositionParts {
  members: Pick<MemberModel, 'findOwn' | 'countReaders' | 'findPairs'>;
  messages: Pick<MessageModel, 'findAnswers'>;
  receipts: Pick<ReceiptModel, 'findOf'>;
  service: Pick<ChangeService, 'requireVisible'>;
  summaries: Pick<Summaries, 'overlay'>;
  discretion: Discretion;
  users: Pick<UserDirectory, 'views'>;
}

type Counts = Omit<Tally, 'status'>;

/** Entries behind a message among which an answer says that it was read, and when. */
const MAX_UNTIL_ANSWER = 500;

const NOWHERE: Positions = new Map();

/** Who has got and read a message and when, or how many have: by what a conversation of its size keeps. */
export class ReceiptReads {
  readonly #parts: ReadParts;

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  /**
   * By name and time in direct chats and small groups, exact counts in large groups, views in channels. Who has switched
   * read receipts off is not named as a reader, and sees nobody's.
   *
   * @throws AppError `NOT_PARTICIPANT`, `NOT_FOUND` (no such message, or not one that the caller may see).
   */
  async of(caller: UserId, place: Place): Promise<CommandData<'getReceipts'>> {
    const { service, lookups, summaries } = this.#parts;
    const { message } = await service.requireVisible(caller, place);
    const [stored] = await lookups.conversations.load([place.conversationId]);
    if (stored === undefined) throw notParticipant();
    const conversation = summaries.overlay(stored);
    if (conversation.type === 'channel')
      return { ...place, ...(await this.#countViews(conversation, message)) };
    if (conversation.apart !== true)
      return { ...place, ...(await this.#name(caller, conversation, message)) };
    const reach = await findLargeReach(this.#parts, caller, [conversation]);
    return {
      ...place,
      ...toCounts(companionsOf(conversation, reach.get(conversation._id) ?? NOWHERE), message),
    };
  }

  /**
   * Counted in an index, as a channel may have any number of members. Whose newest post is not in their position yet is
   * counted by name. Delivery is not counted: what is seen was delivered.
   */
  async #countViews(conversation: ConversationRecord, { seq, senderId }: MessageRecord): Promise<Counts> {
    const { members } = this.#parts;
    const posted = [...(conversation.sentBy ?? [])].filter(
      ([userId, sent]) => userId !== senderId && sent.seq >= seq,
    );
    const exceptIds = [senderId, ...posted.map(([userId]) => userId)];
    const [readers, known] = await Promise.all([
      members.countReaders(conversation._id, seq, exceptIds),
      members.findPairs(conversation._id, exceptIds),
    ]);
    const views =
      readers + known.filter(({ userId, joinedSeq }) => userId !== senderId && joinedSeq <= seq).length;
    const isSenderIn = known.some(({ userId, leftSeq }) => userId === senderId && leftSeq === undefined);
    return {
      ...{ readCount: views, deliveredCount: views },
      memberCount: conversation.memberCount - (isSenderIn ? 1 : 0),
    };
  }

  async #name(
    caller: UserId,
    conversation: ConversationRecord,
    message: MessageRecord,
  ): Promise<Counts & { members: ReceiptView[] }> {
    const { _id: id, lastSeq } = conversation;
    const stored = await findPositions(this.#parts, caller, [conversation]);
    const positions = (await this.#parts.discretion.veil(caller, stored)).get(id) ?? NOWHERE;
    const companions = companionsOf(conversation, positions);
    const meant = companions.filter((companion) => isFor(message, companion));
    // Behind the positions: a receipt is stored before the position that it is of.
    const [receipts, users] = await Promise.all([
      // The summary may lag behind what is read.
      this.#parts.receipts.findOf(id, { seq: message.seq, lastSeq: 2 * Math.max(lastSeq, message.seq) }),
      this.#parts.users.views(meant.map(({ userId }) => userId)),
    ]);
    const isVeiled = (userId: UserId) => positions.get(userId) !== stored.get(id)?.get(userId);
    const times = timesOf(receipts, isVeiled);
    const answered = await this.#findAnswers(message, meant, times);
    const members = meant.map((companion): ReceiptView => {
      const { userId } = companion;
      return {
        ...{ userId, user: users.get(userId) ?? { _id: userId } },
        ...toReached(companion, message.seq, { ...times.get(userId), answeredAt: answered.get(userId) }),
      };
    });
    return { ...toCounts(companions, message), members };
  }

  /** Who answers has read what came before: when, for those of whom nothing else says it. */
  async #findAnswers(
    { conversationId, seq }: MessageRecord,
    companions: readonly Companion[],
    times: ReadonlyMap<UserId, Times>,
  ): Promise<ReadonlyMap<UserId, Date>> {
    const silent = companions.filter(
      ({ userId, readSeq }) => readSeq >= seq && times.get(userId)?.readAt === undefined,
    );
    const answers = await this.#parts.messages.findAnswers(
      conversationId,
      silent.map(({ userId }) => userId),
      { afterSeq: seq, toSeq: seq + MAX_UNTIL_ANSWER },
    );
    // The first of each counts: later ones are met first.
    return new Map(answers.toReversed().map(({ senderId, createdAt }) => [senderId, createdAt]));
  }
}

interface Times {
  readAt?: Date;
  deliveredAt?: Date;
}

function toCounts(companions: readonly Companion[], message: MessageRecord): Counts {
  const { status: _status, ...counts } = tallyOf(companions, message);
  return counts;
}

const earliest = (receipts: readonly Receipt[]): Date | undefined =>
  receipts.map(({ at }) => at).sort((a, b) => a.getTime() - b.getTime())[0];

/** When each has got and read a message: of overlapping advances the first counts. Read is delivered. */
function timesOf(receipts: readonly Receipt[], isVeiled: (userId: UserId) => boolean): Map<UserId, Times> {
  return new Map(
    [...groupBy(receipts, ({ userId }) => userId)].map(([userId, own]) => {
      const readAt = isVeiled(userId) ? undefined : earliest(own.filter(({ kind }) => kind === 'read'));
      const deliveredAt = earliest(own);
      return [userId, { ...(readAt && { readAt }), ...(deliveredAt && { deliveredAt }) }];
    }),
  );
}

/** What the position says was reached, with the times that are known of it. */
function toReached(
  { readSeq, deliveredSeq }: Companion,
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
