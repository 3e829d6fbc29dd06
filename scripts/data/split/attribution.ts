import type { Attribution, AttributionOptions, Because, Doubt, MixedChat, Said } from './chat.js';
import { findHub, onlyTwo, type Hub } from './hub.js';

const HOUR_MS = 3_600_000;
const DEFAULTS = { answerWithinMs: 24 * HOUR_MS, continueWithinMs: HOUR_MS } as const;

type Verdict = { to: string; because: Because } | { to: undefined; doubt: Doubt };

const doubtful = (doubt: Doubt): Verdict => ({ to: undefined, doubt });

/**
 * Says of every message of a mixed chat for whom it was, or why that is not known. Signs count from the surest on: what
 * a human decided, a named recipient, replies (both ways), the product that it shows; then whom the chat turns around;
 * of the hub's own messages who alone waited for an answer at that time. Never a guess between two people: in doubt it
 * is nobody's but the sender's.
 *
 * @param said in the order in which it was said. Pure: the same chat gives the same answer.
 */
export function attribute(
  chat: MixedChat,
  said: readonly Said[],
  options: AttributionOptions = {},
): { hub: Hub; attributions: Attribution[] } {
  const hub = findHub(chat, said, options);
  const walk = new Walk(chat, said, { hub: hub.userId, options });
  return { hub, attributions: said.map((one, index) => walk.next(one, index)) };
}

/** One pass over a chat in its order; remembers who waits for an answer. */
class Walk {
  readonly #chat: MixedChat;
  readonly #hub: string | undefined;
  readonly #options: AttributionOptions & Required<Pick<AttributionOptions, keyof typeof DEFAULTS>>;
  readonly #onlyTwo: readonly string[] | undefined;
  /** Of each message who replied to it. */
  readonly #repliers = new Map<number, Set<string>>();
  readonly #asked: ReadonlyMap<string, ReadonlySet<string>>;
  /** By place: the two of the exchange that it belongs to. */
  readonly #exchanges = new Map<number, { senderId: string; to: string | undefined }>();
  /** Who waits for an answer of the hub, since when. */
  readonly #waiting = new Map<string, number>();
  /** The next speaker at the rim behind each index. */
  readonly #nextAtRim: (string | undefined)[];
  readonly #tookPart = new Set<string>();
  #last: { to: string | undefined; atMs: number } | undefined;

  constructor(
    chat: MixedChat,
    said: readonly Said[],
    { hub, options }: { hub: string | undefined; options: AttributionOptions },
  ) {
    this.#chat = chat;
    this.#hub = hub;
    this.#options = { ...DEFAULTS, ...options };
    this.#onlyTwo = options.onlyProven === true ? undefined : onlyTwo(chat, said);
    this.#asked = askedAbout(chat);
    for (const { senderId, replyTo } of said) {
      if (replyTo === undefined || !chat.participants.includes(senderId)) continue;
      this.#repliers.set(replyTo, (this.#repliers.get(replyTo) ?? new Set<string>()).add(senderId));
    }
    this.#nextAtRim = nextSpeakers(said, hub);
  }

  next(one: Said, index: number): Attribution {
    const verdict = this.#judge(one, index);
    this.#remember(one, verdict.to);
    return { place: one.place, senderId: one.senderId, ...verdict };
  }

  #judge(one: Said, index: number): Verdict {
    const { participants } = this.#chat;
    if (!participants.includes(one.senderId)) return doubtful('not-a-participant');
    const sign = this.#bySigns(one);
    if (sign !== undefined) return sign;
    if (this.#hub === undefined) {
      const other = this.#onlyTwo?.find((userId) => userId !== one.senderId);
      const isOneOfThem = other !== undefined && this.#onlyTwo?.includes(one.senderId) === true;
      return isOneOfThem ? { to: other, because: 'only-two' } : doubtful('no-hub');
    }
    if (one.senderId !== this.#hub) return { to: this.#hub, because: 'to-hub' };
    return this.#options.onlyProven === true ? doubtful('not-proven') : this.#byTime(one, index);
  }

  /** What the message itself, or an answer to it, says; two signs that disagree make it doubtful. */
  #bySigns(one: Said): Verdict | undefined {
    const decided = this.#options.decisions?.get(one.place);
    if (decided !== undefined && this.#mayBe(one, decided)) return { to: decided, because: 'decided' };
    const answeredBy = this.#answeredBy(one);
    const signs: { to: string | undefined; because: Because }[] = [
      { to: one.recipientId, because: 'recipient' },
      { to: this.#repliesTo(one), because: 'reply' },
      { to: answeredBy.length === 1 ? answeredBy[0] : undefined, because: 'answered' },
      { to: this.#showsTo(one), because: 'occasion' },
    ];
    const found = signs.flatMap(({ to, because }) =>
      to !== undefined && this.#mayBe(one, to) ? [{ to, because }] : [],
    );
    const [surest] = found;
    if (found.some(({ to }) => to !== surest?.to)) return doubtful('contradicting');
    return answeredBy.length > 1 ? doubtful('answered-by-several') : surest;
  }

  #mayBe({ senderId }: Said, userId: string): boolean {
    return userId !== senderId && this.#chat.participants.includes(userId);
  }

  /** A reply to another's message is for them; one to an own message goes on in the same exchange. */
  #repliesTo({ senderId, replyTo }: Said): string | undefined {
    const answered = replyTo === undefined ? undefined : this.#exchanges.get(replyTo);
    return answered?.senderId === senderId ? answered.to : answered?.senderId;
  }

  /** Of the hub's messages alone: what was said to the hub stays that, whoever else took it up. */
  #answeredBy({ place, senderId }: Said): string[] {
    if (senderId !== this.#hub) return [];
    return [...(this.#repliers.get(place) ?? [])].filter((userId) => userId !== senderId);
  }

  #showsTo({ senderId, about }: Said): string | undefined {
    if (about === undefined) return undefined;
    const asking = [...(this.#asked.get(about) ?? [])].filter((userId) => userId !== senderId);
    return asking.length === 1 ? asking[0] : undefined;
  }

  /** A message of the hub: for whoever alone waits for an answer, or in one breath with the message before. */
  #byTime({ atMs }: Said, index: number): Verdict {
    const { answerWithinMs, continueWithinMs } = this.#options;
    const lately = [...this.#waiting].filter(([, since]) => atMs - since <= answerWithinMs);
    const waiting = lately.length > 0 ? lately : [...this.#waiting];
    const [alone] = waiting;
    if (waiting.length > 1) return doubtful('several-waiting');
    if (alone !== undefined) return { to: alone[0], because: 'answer' };
    const last = this.#last;
    if (last === undefined) return doubtful('nobody-waiting');
    if (last.to === undefined) return doubtful('after-a-pause');
    if (atMs - last.atMs <= continueWithinMs) return { to: last.to, because: 'continues' };
    const next = this.#nextAtRim[index];
    const isOnlyOne = [...this.#tookPart].every((userId) => userId === last.to);
    if (isOnlyOne && (next === undefined || next === last.to)) {
      return { to: last.to, because: 'only-one-so-far' };
    }
    return doubtful('after-a-pause');
  }

  #remember({ place, senderId, atMs }: Said, to: string | undefined): void {
    this.#exchanges.set(place, { senderId, to });
    if (senderId !== this.#hub) {
      this.#tookPart.add(senderId);
      if (to === this.#hub || to === undefined) this.#waiting.set(senderId, atMs);
      return;
    }
    // Somebody whom the hub may have answered in a doubtful message goes on waiting.
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

function nextSpeakers(said: readonly Said[], hub: string | undefined): (string | undefined)[] {
  const next: (string | undefined)[] = [];
  let speaker: string | undefined;
  for (let index = said.length - 1; index >= 0; index -= 1) {
    next[index] = speaker;
    const senderId = said[index]?.senderId;
    if (senderId !== hub) speaker = senderId;
  }
  return next;
}
