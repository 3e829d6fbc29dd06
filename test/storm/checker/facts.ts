import type {
  EventKind,
  EventOf,
  FinalConversation,
  FinalMessage,
  History,
  Membership,
  SeenPosition,
  Status,
} from './history.js';

export const keyOf = (message: {
  conversationId: string;
  senderId: string;
  clientMessageId: string;
}): string => [message.conversationId, message.senderId, message.clientMessageId].join(' ');

export function groupBy<Key, One>(all: readonly One[], key: (one: One) => Key): Map<Key, One[]> {
  const groups = new Map<Key, One[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return groups;
}

const placeOf = (conversationId: string, userId: string): string => `${conversationId} ${userId}`;

/** A value that increases over time. Answers how high it was at a given time. */
export class Rising {
  readonly #steps: { at: number; seq: number }[] = [];

  /** Must be called in the order of `at`. */
  add(at: number, seq: number): void {
    if (seq > (this.#steps.at(-1)?.seq ?? 0)) this.#steps.push({ at, seq });
  }

  /** Returns the value before this time; 0 if there was none. */
  before(at: number): number {
    let low = 0;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#steps[middle]?.at ?? Infinity) < at) low = middle + 1;
      else high = middle;
    }
    return this.#steps[low - 1]?.seq ?? 0;
  }
}

const RANKS: Record<Status, number> = { sent: 0, delivered: 1, read: 2 };
export const rankOf = (status: Status): number => RANKS[status];
export const statusOf = (rank: number): Status => (['sent', 'delivered', 'read'] as const)[rank] ?? 'sent';

/** A history, indexed for the rules. */
export class Facts {
  readonly conversations: ReadonlyMap<string, FinalConversation>;
  readonly byConversation: ReadonlyMap<string, FinalMessage[]>;
  readonly byKey: ReadonlyMap<string, FinalMessage>;
  readonly byId: ReadonlyMap<string, FinalMessage>;
  /** The acknowledged tail of each conversation over time. */
  readonly ackedEnd: ReadonlyMap<string, Rising>;
  readonly #ackedRead = new Map<string, Rising>();
  readonly #ackedDelivered = new Map<string, Rising>();
  readonly #finalPositions = new Map<string, SeenPosition>();
  readonly #byKind = new Map<EventKind, EventOf<EventKind>[]>();

  constructor(readonly history: History) {
    const { final } = history;
    this.conversations = new Map(final.conversations.map((one) => [one._id, one]));
    const sorted = final.messages.toSorted((a, b) => a.seq - b.seq);
    this.byConversation = groupBy(sorted, ({ conversationId }) => conversationId);
    this.byKey = new Map(final.messages.map((message) => [keyOf(message), message]));
    this.byId = new Map(final.messages.map((message) => [message._id, message]));
    for (const event of history.events) {
      const known = this.#byKind.get(event.kind);
      if (known === undefined) this.#byKind.set(event.kind, [event]);
      else known.push(event);
    }
    this.ackedEnd = this.#indexAcks();
    this.#indexPositions();
  }

  /** Returns the events of a kind, ordered by time. */
  of<Kind extends EventKind>(kind: Kind): EventOf<Kind>[] {
    // Each list holds events of its key's kind only, which a map's type cannot say.
    return (this.#byKind.get(kind) ?? []) as unknown as EventOf<Kind>[];
  }

  log(conversationId: string): readonly FinalMessage[] {
    return this.byConversation.get(conversationId) ?? [];
  }

  /** Returns the stored message with this `seq`. */
  at(conversationId: string, seq: number): FinalMessage | undefined {
    const log = this.log(conversationId);
    // Without gaps the message is at this index; otherwise it is searched.
    const guess = log[seq - 1];
    return guess?.seq === seq ? guess : log.find((message) => message.seq === seq);
  }

  /** Returns whether a user may know an entry of a conversation; without `seq`, the conversation itself. */
  mayKnow(userId: string, conversationId: string, seq?: number): boolean {
    const members = this.conversations.get(conversationId)?.members ?? [];
    return members.some(
      (member) =>
        member.userId === userId &&
        (seq === undefined || (seq >= member.fromSeq && seq <= (member.untilSeq ?? Infinity))),
    );
  }

  /** Returns whether a user was a member at a `seq`. */
  wasIn(userId: string, conversationId: string, seq: number): boolean {
    return this.#spells(userId, conversationId).some(
      ({ joinedSeq, fromSeq, untilSeq }) => (joinedSeq ?? fromSeq) <= seq && seq <= (untilSeq ?? Infinity),
    );
  }

  /** Returns whether the entry was stored during an absence of a user between two memberships: it stays hidden then. */
  wasAwayAt(userId: string, conversationId: string, seq: number): boolean {
    const spells = this.#spells(userId, conversationId).toSorted(
      (a, b) => (a.joinedSeq ?? a.fromSeq) - (b.joinedSeq ?? b.fromSeq),
    );
    return spells.some(({ untilSeq = Infinity, leftFreely = false }, index) => {
      const back = spells[index + 1];
      return !leftFreely && back !== undefined && seq > untilSeq && seq < (back.joinedSeq ?? back.fromSeq);
    });
  }

  /** Returns whether a user is a member at the end. */
  isIn(userId: string, conversationId: string): boolean {
    return this.#spells(userId, conversationId).some(({ untilSeq }) => untilSeq === undefined);
  }

  /** Returns whether a user was a member all the time, so that no refusal is allowed. */
  wasAlwaysIn(userId: string, conversationId: string): boolean {
    const [first, ...others] = this.#spells(userId, conversationId);
    return (
      first !== undefined &&
      others.length === 0 &&
      first.untilSeq === undefined &&
      (first.joinedSeq ?? 0) <= 1
    );
  }

  #spells(userId: string, conversationId: string): Membership[] {
    return (this.conversations.get(conversationId)?.members ?? []).filter((one) => one.userId === userId);
  }

  /** Returns the position of a user that was acknowledged before this time. */
  floor(conversationId: string, userId: string, at: number): { readSeq: number; deliveredSeq: number } {
    const key = placeOf(conversationId, userId);
    const readSeq = this.#ackedRead.get(key)?.before(at) ?? 0;
    return { readSeq, deliveredSeq: Math.max(readSeq, this.#ackedDelivered.get(key)?.before(at) ?? 0) };
  }

  /** Returns the position of a user at the end. Sending counts as reading everything before. */
  finalPosition(conversationId: string, userId: string): { readSeq: number; deliveredSeq: number } {
    const stored = this.#finalPositions.get(placeOf(conversationId, userId));
    const sentSeq =
      this.log(conversationId).findLast(
        ({ senderId, isMembershipEvent }) => senderId === userId && isMembershipEvent !== true,
      )?.seq ?? 0;
    const readSeq = Math.max(stored?.readSeq ?? 0, sentSeq);
    return { readSeq, deliveredSeq: Math.max(stored?.deliveredSeq ?? 0, readSeq) };
  }

  /** Returns the lowest position of all members except the sender. */
  rankOf(
    message: { conversationId: string; senderId: string; seq: number },
    positionOf: (userId: string) => { readSeq: number; deliveredSeq: number },
  ): number {
    const members = this.conversations.get(message.conversationId)?.members ?? [];
    const ranks = members
      .filter(({ userId }) => userId !== message.senderId)
      .map(({ userId }) => {
        const { readSeq, deliveredSeq } = positionOf(userId);
        return readSeq >= message.seq
          ? RANKS.read
          : deliveredSeq >= message.seq
            ? RANKS.delivered
            : RANKS.sent;
      });
    return ranks.length === 0 ? RANKS.read : Math.min(...ranks);
  }

  #indexAcks(): Map<string, Rising> {
    const ends = new Map<string, Rising>();
    for (const { at, message } of this.of('acked')) {
      const end = ends.get(message.conversationId) ?? new Rising();
      ends.set(message.conversationId, end);
      end.add(at, message.seq);
    }
    return ends;
  }

  #indexPositions(): void {
    for (const position of this.history.final.positions) {
      this.#finalPositions.set(placeOf(position.conversationId, position.userId), position);
    }
    const rise = (positions: Map<string, Rising>, key: string): Rising => {
      const rising = positions.get(key) ?? new Rising();
      positions.set(key, rising);
      return rising;
    };
    for (const { at, conversationId, userId, ...told } of this.of('advanced')) {
      const key = placeOf(conversationId, userId);
      // A position confirmed on request is stored; other shown positions may be derived from messages.
      rise(this.#ackedDelivered, key).add(at, Math.min(told.askedSeq, told.deliveredSeq));
      if (told.wasRead) rise(this.#ackedRead, key).add(at, Math.min(told.askedSeq, told.readSeq));
    }
  }
}
