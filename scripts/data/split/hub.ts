import type { AttributionOptions, MixedChat, Said } from './chat.js';

/** Around whom a chat turns, and what says so. */
export interface Hub {
  userId: string | undefined;
  because: 'declared' | 'occasions' | 'exchange' | 'turns' | 'none' | 'contradicting';
}

/** Who exchanged with whom: undirected, as pairs of indexes into `people`. */
class Exchange {
  readonly #edges = new Set<string>();

  add(a: string, b: string): void {
    if (a !== b) this.#edges.add(JSON.stringify(a < b ? [a, b] : [b, a]));
  }

  has(a: string, b: string): boolean {
    return this.#edges.has(JSON.stringify(a < b ? [a, b] : [b, a]));
  }

  /** The one who exchanged with all the others, where nobody else exchanged with anybody but them. */
  centre(people: readonly string[]): string | undefined {
    const full = people.filter((one) => people.every((other) => other === one || this.has(one, other)));
    const [centre] = full;
    return people.length > 2 && full.length === 1 && this.#edges.size === people.length - 1
      ? centre
      : undefined;
  }
}

/**
 * The hub is who exchanged with all the others: a seller among buyers. Signs are looked at from the surest on; two that
 * disagree make it nobody. Who made the chat is no sign: it may be the first buyer, into whose chat the others fell.
 */
export function findHub(
  { participants, declaredHub, starts }: MixedChat,
  said: readonly Said[],
  { onlyProven = false }: AttributionOptions,
): Hub {
  if (declaredHub !== undefined && participants.includes(declaredHub)) {
    return { userId: declaredHub, because: 'declared' };
  }
  const people = tookPart({ participants, starts }, said);
  const byOccasions = startedByAllOthers(participants, starts) ?? startedByAllOthers(people, starts);
  const byExchange = proven(said, participants).centre(people);
  if (byOccasions !== undefined && byExchange !== undefined && byOccasions !== byExchange) {
    return { userId: undefined, because: 'contradicting' };
  }
  if (byOccasions !== undefined) return { userId: byOccasions, because: 'occasions' };
  if (byExchange !== undefined) return { userId: byExchange, because: 'exchange' };
  const byTurns = onlyProven ? undefined : centreOfTurns(said, people);
  return byTurns === undefined
    ? { userId: undefined, because: 'none' }
    : { userId: byTurns, because: 'turns' };
}

function startedByAllOthers(
  participants: readonly string[],
  starts: MixedChat['starts'],
): string | undefined {
  const starters = new Set(starts.filter(({ about }) => about !== undefined).map(({ userId }) => userId));
  const others = participants.filter((userId) => !starters.has(userId));
  return others.length === 1 && starters.size > 1 ? others[0] : undefined;
}

/** Those of a chat who wrote something, were written to, or began something. */
function tookPart(
  { participants, starts }: Pick<MixedChat, 'participants' | 'starts'>,
  said: readonly Said[],
): string[] {
  const traces = new Set<string | undefined>([
    ...starts.map(({ userId }) => userId),
    ...said.map(({ senderId }) => senderId),
    ...said.map(({ recipientId }) => recipientId),
  ]);
  return participants.filter((userId) => traces.has(userId));
}

/**
 * The two between whom everything was said, where nobody else took part and their key or a reply shows that they knew
 * each other: two buyers whom the seller never answered are not a pair.
 */
export function onlyTwo(chat: MixedChat, said: readonly Said[]): readonly [string, string] | undefined {
  const [one, two, ...others] = tookPart(chat, said);
  const { keyPair } = chat;
  if (one === undefined || others.length > 0) return undefined;
  if (two === undefined) return keyPair?.includes(one) === true ? keyPair : undefined;
  const isPair = keyPair?.includes(one) === true && keyPair.includes(two);
  return isPair || proven(said, chat.participants).has(one, two) ? [one, two] : undefined;
}

/** Replies and named recipients. */
function proven(said: readonly Said[], participants: readonly string[]): Exchange {
  const exchange = new Exchange();
  const senders = new Map(said.map(({ place, senderId }) => [place, senderId]));
  for (const { senderId, recipientId, replyTo } of said) {
    const other = recipientId ?? (replyTo === undefined ? undefined : senders.get(replyTo));
    if (other !== undefined && participants.includes(other) && participants.includes(senderId)) {
      exchange.add(senderId, other);
    }
  }
  return exchange;
}

/**
 * The one who took turns with each of the others, there and back, while nobody else spoke right after another: being
 * near each other once is no exchange.
 */
function centreOfTurns(said: readonly Said[], people: readonly string[]): string | undefined {
  const exchange = new Exchange();
  const answered = new Set<string>();
  const speakers = said.map(({ senderId }) => senderId).filter((userId) => people.includes(userId));
  speakers.forEach((speaker, index) => {
    const before = speakers[index - 1];
    if (before === undefined) return;
    exchange.add(before, speaker);
    answered.add(JSON.stringify([before, speaker]));
  });
  const centre = exchange.centre(people);
  const isMutual = people.every(
    (one) =>
      one === centre ||
      (answered.has(JSON.stringify([one, centre])) && answered.has(JSON.stringify([centre, one]))),
  );
  return isMutual ? centre : undefined;
}
