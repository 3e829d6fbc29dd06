import type { ConversationId, PushName, UserId } from '../../../../contract/index.js';
import type { ConversationRecord } from '../../models/conversationModel.js';
import type { Positions } from '../present.js';
import type { UserDirectory } from '../userDirectory.js';
import type { BlockDirectory } from './blockDirectory.js';

export interface DiscretionParts {
  users: Pick<UserDirectory, 'views' | 'knownPrivacy' | 'isRestricted'>;
  blocks: Pick<BlockDirectory, 'of' | 'peek'>;
}

const NUMBERED: ReadonlySet<PushName> = new Set([
  'message:new',
  'message:updated',
  'message:deleted',
  'message:reaction',
]);

export type Hearing = 'all' | 'veiled' | 'nothing';

/** A direct conversation as far as it says who may watch whom. */
type Pair = Pick<ConversationRecord, 'participants' | 'lastSent' | 'closedBy'>;

/**
 * What people may notice of each other: the one judge of pushes, presence and positions, by who has blocked whom and
 * what each shows of themselves. What is switched off is off both ways.
 */
export class Discretion {
  readonly #parts: DiscretionParts;

  constructor(parts: DiscretionParts) {
    this.#parts = parts;
  }

  /**
   * What a connected user hears of what another one said or did, by what is known now. Asked on the process that the
   * hearer is connected to, so that it holds there, whatever the other process knew.
   */
  hears(hearer: UserId, what: { event: PushName; from: UserId; isSecret: boolean }): Hearing {
    const { event, from, isSecret } = what;
    if (hearer === from && event !== 'message:counts') return 'all';
    // Places and changes have numbers: whoever may not see one has to hear that there is one.
    const isNumbered = NUMBERED.has(event);
    if (isSecret) return isNumbered ? 'veiled' : 'nothing';
    const blocks = this.#parts.blocks.peek(hearer);
    // Nothing is known of the hearer yet: what is missing shows by its number.
    if (blocks === undefined) return 'nothing';
    if (isNumbered) return blocks.set.has(from) ? 'veiled' : 'all';
    if (blocks.set.has(from)) return 'nothing';
    const privacy = this.#parts.users.knownPrivacy(hearer);
    const isApart = blocks.suffered.has(from);
    if (event === 'typing') return isApart || !privacy.typing ? 'nothing' : 'all';
    if (event === 'presence') return isApart || privacy.lastSeen === 'nobody' ? 'nothing' : 'all';
    if (event === 'message:counts') return privacy.readReceipts ? 'all' : 'nothing';
    if (event !== 'message:status') return 'all';
    if (isApart) return 'nothing';
    return privacy.readReceipts ? 'all' : 'veiled';
  }

  /** Whether somebody lets others know now that they are typing. */
  async showsTyping(userId: UserId): Promise<boolean> {
    await this.#parts.users.views([userId]);
    return this.#parts.users.knownPrivacy(userId).typing && !this.#parts.users.isRestricted(userId);
  }

  /** What others may know of how far somebody has come; make known with `users.views`. */
  sharesPositions(userId: UserId): 'read' | 'delivered' | 'nothing' {
    if (this.#parts.users.isRestricted(userId)) return 'nothing';
    return this.#parts.users.knownPrivacy(userId).readReceipts ? 'read' : 'delivered';
  }

  /** Whether watchers may hear at all that somebody has come or gone. */
  async showsPresence(userId: UserId): Promise<boolean> {
    await this.#parts.users.views([userId]);
    return (
      !this.#parts.users.isRestricted(userId) && this.#parts.users.knownPrivacy(userId).lastSeen !== 'nobody'
    );
  }

  /** Those of the others whose presence a user may watch, each with the direct conversation of the two. */
  async watchable(userId: UserId, others: ReadonlyMap<UserId, Pair>): Promise<UserId[]> {
    const { users, blocks } = this.#parts;
    const [own] = await Promise.all([blocks.of(userId), users.views([userId, ...others.keys()])]);
    return [...others]
      .filter(
        ([other, pair]) =>
          pair.closedBy === undefined &&
          !own.set.has(other) &&
          !own.suffered.has(other) &&
          !users.isRestricted(other) &&
          this.#admits(other, pair) &&
          this.#admits(userId, pair),
      )
      .map(([other]) => other);
  }

  /** Everybody's positions as one of them may know them. */
  async veil(
    viewer: UserId,
    positions: ReadonlyMap<ConversationId, Positions>,
  ): Promise<Map<ConversationId, Positions>> {
    const { users, blocks } = this.#parts;
    const everybody = [...positions.values()].flatMap((one) => [...one.keys()]);
    const [own] = await Promise.all([blocks.of(viewer), users.views([viewer, ...everybody])]);
    const hidesReads = !users.knownPrivacy(viewer).readReceipts;
    const isPlain = (userId: UserId): boolean =>
      userId === viewer ||
      (!hidesReads &&
        !own.set.has(userId) &&
        !own.suffered.has(userId) &&
        this.sharesPositions(userId) === 'read');
    const veilOne = ([userId, position]: [UserId, PositionOf]): [UserId, PositionOf] => {
      if (isPlain(userId)) return [userId, position];
      const isApart = own.set.has(userId) || own.suffered.has(userId);
      const isDelivered = !isApart && this.sharesPositions(userId) !== 'nothing';
      const delivered = Math.max(position.lastDeliveredSeq, position.lastReadSeq);
      return [
        userId,
        { ...position, lastReadSeq: 0, lastReadN: 0, lastDeliveredSeq: isDelivered ? delivered : 0 },
      ];
    };
    return new Map(
      [...positions].map(([id, one]) => [
        id,
        [...one.keys()].every(isPlain) ? one : new Map([...one].map(veilOne)),
      ]),
    );
  }

  /** The same of a large group, where nobody is named: who does not let others know does not learn how many have read. */
  async veilCounted(
    viewer: UserId,
    positions: ReadonlyMap<ConversationId, Positions>,
  ): Promise<ReadonlyMap<ConversationId, Positions>> {
    if (!(await this.hidesReads(viewer))) return positions;
    const veilOne = ([userId, position]: [UserId, PositionOf]): [UserId, PositionOf] => {
      if (userId === viewer) return [userId, position];
      const delivered = Math.max(position.lastDeliveredSeq, position.lastReadSeq);
      return [userId, { ...position, lastReadSeq: 0, lastReadN: 0, lastDeliveredSeq: delivered }];
    };
    return new Map([...positions].map(([id, one]) => [id, new Map([...one].map(veilOne))]));
  }

  /** Whether somebody has switched read receipts off: their own are not shown, and they see nobody's. */
  async hidesReads(userId: UserId): Promise<boolean> {
    await this.#parts.users.views([userId]);
    return !this.#parts.users.knownPrivacy(userId).readReceipts;
  }

  /** `contacts` are those whom one has written to: to be written to is not enough. */
  #admits(userId: UserId, { participants, lastSent }: Pair): boolean {
    const { lastSeen } = this.#parts.users.knownPrivacy(userId);
    if (lastSeen !== 'contacts') return lastSeen === 'everyone';
    return (lastSent[participants.indexOf(userId)] ?? 0) > 0;
  }
}

type PositionOf = Positions extends ReadonlyMap<UserId, infer One> ? One : never;
