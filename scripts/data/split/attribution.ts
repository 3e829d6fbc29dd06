import type { Attribution, AttributionOptions, Because, Doubt, MixedChat, MessageFacts } from './chat.js';
import { findHub, onlyTwo, type Hub } from './hub.js';

const HOUR_MS = 3_600_000;
const DEFAULTS = { answerWithinMs: 24 * HOUR_MS, continueWithinMs: HOUR_MS } as const;

type Verdict = { to: string; because: Because } | { to: undefined; doubt: Doubt };

const ambiguous = (doubt: Doubt): Verdict => ({ to: undefined, doubt });

/**
 * Finds the addressee of every message of a mixed chat, or the reason why it is unknown. Evidence is used from
 * strongest to weakest: a manual decision, a named recipient, replies (in both directions), the product that the
 * message shows; then the hub of the chat; for messages of the hub, the only user who was waiting for an answer at that
 * time. It never guesses between two users: an ambiguous message stays with its sender alone.
 *
 * @param messages in log order. The function is pure: equal input gives an equal result.
 */
export function attribute(
  chat: MixedChat,
  messages: readonly MessageFacts[],
  options: AttributionOptions = {},
): { hub: Hub; attributions: Attribution[] } {
  const hub = findHub(chat, messages, options);
  const attributor = new Attributor(chat, messages, { hub: hub.userId, options });
  return { hub, attributions: messages.map((message, index) => attributor.next(message, index)) };
}

/** Processes the messages of a chat in order and keeps track of the users who wait for an answer. */
class Attributor {
  readonly #chat: MixedChat;
  readonly #hub: string | undefined;
  readonly #options: AttributionOptions & Required<Pick<AttributionOptions, keyof typeof DEFAULTS>>;
  readonly #onlyTwo: readonly string[] | undefined;
  /** Users who replied to a message, by its `seq`. */
  readonly #repliers = new Map<number, Set<string>>();
  /** Users who asked about a product or order, by its id. */
  readonly #asked: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sender and addressee of the messages processed so far, by `seq`. */
  readonly #exchanges = new Map<number, { senderId: string; to: string | undefined }>();
  /** Users who wait for an answer of the hub, with the time since when. */
  readonly #waiting = new Map<string, number>();
  /** For each message, the next later sender other than the hub. */
  readonly #nextAtRim: (string | undefined)[];
  readonly #tookPart = new Set<string>();
  #last: { to: string | undefined; atMs: number } | undefined;

  constructor(
    chat: MixedChat,
    messages: readonly MessageFacts[],
    { hub, options }: { hub: string | undefined; options: AttributionOptions },
  ) {
    this.#chat = chat;
    this.#hub = hub;
    this.#options = { ...DEFAULTS, ...options };
    this.#onlyTwo = options.onlyProven === true ? undefined : onlyTwo(chat, messages);
    this.#asked = askedAbout(chat);
    for (const { senderId, replyTo } of messages) {
      if (replyTo === undefined || !chat.participants.includes(senderId)) continue;
      this.#repliers.set(replyTo, (this.#repliers.get(replyTo) ?? new Set<string>()).add(senderId));
    }
    this.#nextAtRim = nextSpeakers(messages, hub);
  }

  next(message: MessageFacts, index: number): Attribution {
    const verdict = this.#attribute(message, index);
    this.#remember(message, verdict.to);
    return { seq: message.seq, senderId: message.senderId, ...verdict };
  }

  #attribute(message: MessageFacts, index: number): Verdict {
    const { participants } = this.#chat;
    if (!participants.includes(message.senderId)) return ambiguous('not-a-participant');
    const found = this.#byEvidence(message);
    if (found !== undefined) return found;
    if (participants.length < 2) return ambiguous('alone');
    if (this.#hub === undefined) {
      const other = this.#onlyTwo?.find((userId) => userId !== message.senderId);
      const isOneOfThem = other !== undefined && this.#onlyTwo?.includes(message.senderId) === true;
      return isOneOfThem ? { to: other, because: 'only-two' } : ambiguous('no-hub');
    }
    if (message.senderId !== this.#hub) return { to: this.#hub, because: 'to-hub' };
    return this.#options.onlyProven === true ? ambiguous('not-proven') : this.#byTime(message, index);
  }

  /** Uses evidence in the message itself or in replies to it. Contradicting evidence makes the message ambiguous. */
  #byEvidence(message: MessageFacts): Verdict | undefined {
    const decided = this.#options.decisions?.get(message.seq);
    if (decided !== undefined && this.#isPossible(message, decided))
      return { to: decided, because: 'decided' };
    const answeredBy = this.#answeredBy(message);
    const evidence: { to: string | undefined; because: Because }[] = [
      { to: message.recipientId, because: 'recipient' },
      { to: this.#repliesTo(message), because: 'reply' },
      { to: answeredBy.length === 1 ? answeredBy[0] : undefined, because: 'answered' },
      { to: this.#askedBy(message), because: 'occasion' },
    ];
    const found = evidence.flatMap(({ to, because }) =>
      to !== undefined && this.#isPossible(message, to) ? [{ to, because }] : [],
    );
    const [strongest] = found;
    if (found.some(({ to }) => to !== strongest?.to)) return ambiguous('contradicting');
    return answeredBy.length > 1 ? ambiguous('answered-by-several') : strongest;
  }

  #isPossible({ senderId }: MessageFacts, userId: string): boolean {
    return userId !== senderId && this.#chat.participants.includes(userId);
  }

  /**
   * A reply to another user's message is for that user. A reply to an own message has the same addressee as that
   * message.
   */
  #repliesTo({ senderId, replyTo }: MessageFacts): string | undefined {
    const answered = replyTo === undefined ? undefined : this.#exchanges.get(replyTo);
    return answered?.senderId === senderId ? answered.to : answered?.senderId;
  }

  /** Only for messages of the hub. A message to the hub stays addressed to the hub, no matter who replied to it. */
  #answeredBy({ seq, senderId }: MessageFacts): string[] {
    if (senderId !== this.#hub) return [];
    return [...(this.#repliers.get(seq) ?? [])].filter((userId) => userId !== senderId);
  }

  #askedBy({ senderId, about }: MessageFacts): string | undefined {
    if (about === undefined) return undefined;
    const asking = [...(this.#asked.get(about) ?? [])].filter((userId) => userId !== senderId);
    return asking.length === 1 ? asking[0] : undefined;
  }

  /**
   * For a message of the hub: the only user who waits for an answer, or the addressee of the directly preceding
   * message.
   */
  #byTime({ atMs }: MessageFacts, index: number): Verdict {
    const { answerWithinMs, continueWithinMs } = this.#options;
    const waiting = [...this.#waiting].filter(([, since]) => atMs - since <= answerWithinMs);
    const [alone] = waiting;
    if (waiting.length > 1) return ambiguous('several-waiting');
    if (alone !== undefined) return { to: alone[0], because: 'answer' };
    const last = this.#last;
    if (last?.to !== undefined && atMs - last.atMs <= continueWithinMs) {
      return { to: last.to, because: 'continues' };
    }
    if (this.#waiting.size > 0) return ambiguous('waited-too-long');
    if (last === undefined) return ambiguous('nobody-waiting');
    if (last.to === undefined) return ambiguous('after-a-pause');
    const next = this.#nextAtRim[index];
    const isOnlyOne = [...this.#tookPart].every((userId) => userId === last.to);
    if (isOnlyOne && (next === undefined || next === last.to)) {
      return { to: last.to, because: 'only-one-so-far' };
    }
    return ambiguous('after-a-pause');
  }

  #remember({ seq, senderId, atMs }: MessageFacts, to: string | undefined): void {
    this.#exchanges.set(seq, { senderId, to });
    if (senderId !== this.#hub) {
      this.#tookPart.add(senderId);
      if (to === this.#hub || to === undefined) this.#waiting.set(senderId, atMs);
      return;
    }
    // An ambiguous message of the hub answers no one: every waiting user keeps waiting.
    if (to !== undefined) {
      this.#waiting.delete(to);
      this.#tookPart.add(to);
    }
    this.#last = { to, atMs };
  }
}

function askedAbout({ starts }: MixedChat): Map<string, Set<string>> {
  const asked = new Map<string, Set<string>>();
  for (const { about, userId } of starts) {
    if (about !== undefined) asked.set(about, (asked.get(about) ?? new Set<string>()).add(userId));
  }
  return asked;
}

function nextSpeakers(messages: readonly MessageFacts[], hub: string | undefined): (string | undefined)[] {
  const next: (string | undefined)[] = [];
  let speaker: string | undefined;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    next[index] = speaker;
    const senderId = messages[index]?.senderId;
    if (senderId !== hub) speaker = senderId;
  }
  return next;
}
