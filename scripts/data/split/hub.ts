import type { AttributionOptions, MixedChat, MessageFacts } from './chat.js';

/** The user in the middle of a chat, and the evidence for it. */
export interface Hub {
  userId: string | undefined;
  because: 'declared' | 'occasions' | 'exchange' | 'turns' | 'none' | 'contradicting';
}

/** Undirected graph of the users who exchanged messages. */
class Exchange {
  readonly #edges = new Set<string>();

  add(a: string, b: string): void {
    if (a !== b) this.#edges.add(JSON.stringify(a < b ? [a, b] : [b, a]));
  }

  has(a: string, b: string): boolean {
    return this.#edges.has(JSON.stringify(a < b ? [a, b] : [b, a]));
  }

  /** Returns the user who exchanged messages with all others, if no two of the others did. */
  centre(people: readonly string[]): string | undefined {
    const full = people.filter((one) => people.every((other) => other === one || this.has(one, other)));
    const [centre] = full;
    return people.length > 2 && full.length === 1 && this.#edges.size === people.length - 1
      ? centre
      : undefined;
  }
}

/**
 * Finds the hub: the user who exchanged messages with all others, such as a seller among buyers. Evidence is used from
 * strongest to weakest; contradicting evidence gives no hub. `createdBy` is no evidence: it may be the first buyer,
 * whose chat the others were wrongly added to.
 */
export function findHub(
  { participants, declaredHub, starts }: MixedChat,
  messages: readonly MessageFacts[],
  { onlyProven = false }: AttributionOptions,
): Hub {
  if (declaredHub !== undefined && participants.includes(declaredHub)) {
    return { userId: declaredHub, because: 'declared' };
  }
  const people = tookPart({ participants, starts }, messages);
  const byOccasions = startedByAllOthers(participants, starts) ?? startedByAllOthers(people, starts);
  const byExchange = proven(messages, participants).centre(people);
  if (byOccasions !== undefined && byExchange !== undefined && byOccasions !== byExchange) {
    return { userId: undefined, because: 'contradicting' };
  }
  if (byOccasions !== undefined) return { userId: byOccasions, because: 'occasions' };
  if (byExchange !== undefined) return { userId: byExchange, because: 'exchange' };
  const byTurns = onlyProven ? undefined : centreOfTurns(messages, people);
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

/** Participants who sent a message, received one by name, or started a conversation. */
function tookPart(
  { participants, starts }: Pick<MixedChat, 'participants' | 'starts'>,
  messages: readonly MessageFacts[],
): string[] {
  const traces = new Set<string | undefined>([
    ...starts.map(({ userId }) => userId),
    ...messages.map(({ senderId }) => senderId),
    ...messages.map(({ recipientId }) => recipientId),
  ]);
  return participants.filter((userId) => traces.has(userId));
}

/**
 * Returns the only two users who took part, if their key or a reply shows that they talked to each other. Without that
 * they are not a pair: two buyers may have written to a seller who never answered.
 */
export function onlyTwo(
  chat: MixedChat,
  messages: readonly MessageFacts[],
): readonly [string, string] | undefined {
  const [one, two, ...others] = tookPart(chat, messages);
  const { keyPair } = chat;
  if (one === undefined || others.length > 0) return undefined;
  if (two === undefined) return keyPair?.includes(one) === true ? keyPair : undefined;
  const isPair = keyPair?.includes(one) === true && keyPair.includes(two);
  return isPair || proven(messages, chat.participants).has(one, two) ? [one, two] : undefined;
}

/** Exchanges proven by replies and named recipients. */
function proven(messages: readonly MessageFacts[], participants: readonly string[]): Exchange {
  const exchange = new Exchange();
  const senders = new Map(messages.map(({ seq, senderId }) => [seq, senderId]));
  for (const { senderId, recipientId, replyTo } of messages) {
    const other = recipientId ?? (replyTo === undefined ? undefined : senders.get(replyTo));
    if (other !== undefined && participants.includes(other) && participants.includes(senderId)) {
      exchange.add(senderId, other);
    }
  }
  return exchange;
}

/**
 * Returns the user who took turns with each of the others, in both directions, while no two others spoke directly after
 * each other. One direction alone is no evidence of an exchange.
 */
function centreOfTurns(messages: readonly MessageFacts[], people: readonly string[]): string | undefined {
  const exchange = new Exchange();
  const answered = new Set<string>();
  const speakers = messages.map(({ senderId }) => senderId).filter((userId) => people.includes(userId));
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
