import { participantsKey } from '../../../../backend/src/utils/participantsKey.js';
import { groupBy, type Facts } from '../facts.js';
import type { EventOf, FinalConversation, FinalMessage, SeenConversation, Violation } from '../history.js';

/** There is one conversation per pair, the same for everyone who opened it. */
export function* pair(facts: Facts): Generator<Violation> {
  const directs = facts.history.final.conversations.filter(({ type }) => type === 'direct');
  const byPair = groupBy(directs, ({ members }) =>
    members
      .map(({ userId }) => userId)
      .sort()
      .join(' & '),
  );
  const opened = facts.of('opened');
  for (const [names, same] of byPair) {
    const ids = new Set(same.map(({ _id }) => _id));
    if (same.length > 1) {
      yield {
        rule: 'pair',
        text: `${names} have ${same.length} conversations: ${[...ids].join(', ')}`,
        evidence: opened.filter(({ conversationId }) => ids.has(conversationId)),
      };
    }
    const [one] = same;
    if (one !== undefined && !isItsPair(one)) {
      yield {
        rule: 'pair',
        text: `${one._id} of ${names} has the key ${one.pairKey ?? 'none'}`,
        evidence: [],
      };
    }
  }
  const answers = groupBy(opened, ({ user, withUser }) => participantsKey(user, withUser));
  for (const events of answers.values()) {
    const wrong = events.find(({ conversationId, user, withUser }) => {
      const stored = facts.conversations.get(conversationId);
      return stored === undefined || !sameMembers(stored, [user, withUser]);
    });
    const created = events.filter((event) => event.created);
    if (wrong !== undefined) {
      yield { rule: 'pair', text: `${wrong.client} was given a conversation of others`, evidence: [wrong] };
    }
    if (created.length > 1) {
      yield {
        rule: 'pair',
        text: `a pair was told ${created.length} times that it was made now`,
        evidence: created,
      };
    }
  }
}

const sameMembers = ({ members }: FinalConversation, names: readonly string[]): boolean =>
  members.length === names.length && members.every(({ userId }) => names.includes(userId));

function isItsPair({ members, pairKey }: FinalConversation): boolean {
  const [a, b] = members;
  return (
    members.length === 2 &&
    a !== undefined &&
    b !== undefined &&
    pairKey === participantsKey(a.userId, b.userId)
  );
}

/** Unread counts equal the messages of others after the read position: per conversation and in total, at the end. */
export function* unread(facts: Facts): Generator<Violation> {
  for (const event of facts.of('counted')) {
    let total = 0;
    for (const conversation of facts.conversations.values()) {
      if (!facts.isIn(event.user, conversation._id)) continue;
      const expected = unreadOf(facts, event.user, conversation._id);
      total += expected;
      const shown = event.conversations.find(({ conversationId }) => conversationId === conversation._id);
      if (shown?.unreadCount === expected) continue;
      yield {
        rule: 'unread',
        text: `${event.client} is shown ${shown?.unreadCount ?? 'nothing'} unread in ${conversation._id}, where ${expected} are`,
        evidence: lastPositions(facts, event, conversation._id),
      };
    }
    for (const [where, shown] of [
      ['list', event.totalUnread],
      ['unread', event.unreadEndpoint],
    ] as const) {
      if (shown === total) continue;
      yield {
        rule: 'unread',
        text: `${event.client} is told a total of ${shown} unread (${where}), where ${total} are`,
        evidence: [
          { ...event, conversations: event.conversations.filter(({ unreadCount }) => unreadCount > 0) },
        ],
      };
    }
  }
}

function unreadOf(facts: Facts, userId: string, conversationId: string): number {
  const { readSeq } = facts.finalPosition(conversationId, userId);
  return facts
    .log(conversationId)
    .filter(
      ({ seq, senderId, isMembershipEvent }) =>
        seq > readSeq &&
        senderId !== userId &&
        isMembershipEvent !== true &&
        facts.mayKnow(userId, conversationId, seq),
    ).length;
}

const lastPositions = (
  facts: Facts,
  { user }: EventOf<'counted'>,
  conversationId: string,
): EventOf<'advanced'>[] =>
  facts
    .of('advanced')
    .filter((one) => one.user === user && one.conversationId === conversationId)
    .slice(-2);

/** The stored summary, and the list of every client, contain the last message and the right numbers. */
export function* summary(facts: Facts): Generator<Violation> {
  for (const conversation of facts.conversations.values()) {
    const wrong = wrongNumbers(facts, conversation._id, conversation);
    if (wrong !== undefined) {
      yield { rule: 'summary', text: `the stored summary of ${conversation._id} has ${wrong}`, evidence: [] };
    }
  }
  for (const event of facts.of('counted')) {
    const mine = [...facts.conversations.keys()].filter((id) => facts.isIn(event.user, id));
    const shown = new Map(event.conversations.map((one) => [one.conversationId, one]));
    for (const conversationId of mine) {
      const view = shown.get(conversationId);
      const wrong =
        view === undefined
          ? 'nothing'
          : (wrongNumbers(facts, conversationId, { ...view, user: event.user }) ??
            wrongPlace(facts, event, view));
      if (wrong === undefined) continue;
      yield {
        rule: 'summary',
        text: `the list of ${event.client} has ${wrong} for ${conversationId}`,
        evidence: [{ ...event, conversations: view === undefined ? [] : [view] }],
      };
    }
    if (event.conversations.length > mine.length) {
      yield {
        rule: 'summary',
        text: `the list of ${event.client} has ${event.conversations.length} conversations, where ${mine.length} are`,
        evidence: [{ ...event, conversations: [] }],
      };
    }
  }
}

interface Numbers {
  lastSeq: number;
  messageCount: number;
  lastMessageId?: string | undefined;
  /** Undefined for stored summaries, which are the same for all. */
  user?: string;
}

function wrongNumbers(facts: Facts, conversationId: string, shown: Numbers): string | undefined {
  const log = facts.log(conversationId);
  const isShown = ({ isSilent, seq }: FinalMessage): boolean =>
    isSilent !== true && (shown.user === undefined || !facts.wasAwayAt(shown.user, conversationId, seq));
  const last = log.at(-1);
  if (shown.lastSeq !== (last?.seq ?? 0)) return `lastSeq ${shown.lastSeq} (it is ${last?.seq ?? 0})`;
  const counted = log.filter(({ isMembershipEvent }) => isMembershipEvent !== true).length;
  if (shown.messageCount !== counted) return `messageCount ${shown.messageCount} (it is ${counted})`;
  if (shown.lastMessageId !== log.findLast(isShown)?._id)
    return `the last message ${shown.lastMessageId ?? 'none'}`;
  return undefined;
}

function wrongPlace(facts: Facts, event: EventOf<'counted'>, shown: SeenConversation): string | undefined {
  const { readSeq } = facts.finalPosition(shown.conversationId, event.user);
  return shown.lastReadSeq === readSeq ? undefined : `lastReadSeq ${shown.lastReadSeq} (it is ${readSeq})`;
}

/** Clients of the SDK check the promises of the server while they run, and have found none broken. */
export function* witness(facts: Facts): Generator<Violation> {
  for (const event of facts.of('violation')) {
    yield {
      rule: 'witness',
      text: `${event.client} reports ${event.promise} in ${event.conversationId}: ${event.details}`,
      evidence: [event],
    };
  }
}

/** Commands of a member are refused only for errors of the client (another text with a used id). */
export function* refusal(facts: Facts): Generator<Violation> {
  const texts = new Map<string, Set<string>>();
  for (const { user, clientMessageId, conversationId, content } of facts.of('send')) {
    const key = `${user} ${conversationId} ${clientMessageId}`;
    texts.set(key, (texts.get(key) ?? new Set()).add(content));
  }
  for (const event of facts.of('refused')) {
    const key = `${event.user} ${event.conversationId} ${event.clientMessageId}`;
    if (event.code === 'CONFLICT' && (texts.get(key)?.size ?? 0) > 1) continue;
    if (!facts.mayKnow(event.user, event.conversationId)) continue;
    if (event.code === 'NOT_PARTICIPANT' && !facts.wasAlwaysIn(event.user, event.conversationId)) continue;
    yield {
      rule: 'refusal',
      text: `a message of ${event.client} was refused: ${event.code}`,
      evidence: [event],
    };
  }
  for (const event of facts.of('surprise')) {
    const { code, user, conversationId } = event;
    const comesAndGoes = conversationId !== undefined && !facts.wasAlwaysIn(user, conversationId);
    if (code === 'NOT_PARTICIPANT' && comesAndGoes) continue;
    yield {
      rule: 'refusal',
      text: `${event.client} was answered ${event.code} to ${event.command}`,
      evidence: [event],
    };
  }
}
