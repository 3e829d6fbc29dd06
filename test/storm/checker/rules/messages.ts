import { groupBy, keyOf, type Facts } from '../facts.js';
import type { EventOf, FinalMessage, SeenMessage, Violation } from '../history.js';

const differs = (seen: SeenMessage, stored: FinalMessage): boolean =>
  seen._id !== stored._id ||
  seen.seq !== stored.seq ||
  seen.senderId !== stored.senderId ||
  seen.clientMessageId !== stored.clientMessageId ||
  seen.content !== stored.content;

const nameOf = (message: SeenMessage): string =>
  `message ${message.seq} of ${message.conversationId} by ${message.senderId} (${message.clientMessageId})`;

/** No acknowledged message is lost, and every view of it has the same id and `seq`. */
export function* lost(facts: Facts): Generator<Violation> {
  for (const event of facts.of('acked')) {
    const stored = facts.byKey.get(keyOf(event.message));
    if (stored === undefined) {
      yield {
        rule: 'lost',
        text: `${nameOf(event.message)} was acknowledged and is not stored`,
        evidence: [...sendsOf(facts, event.message), event],
      };
    } else if (differs(event.message, stored)) {
      yield {
        rule: 'lost',
        text: `${nameOf(event.message)} was acknowledged as another than it is stored: ${stored._id} at ${stored.seq}`,
        evidence: [event],
      };
    }
  }
}

/** Ids and (conversation, sender, client id) are unique; at most one answer to a message says that it is new. */
export function* twice(facts: Facts): Generator<Violation> {
  const groups = groupBy(facts.history.final.messages, keyOf);
  for (const copies of groups.values()) {
    const [first] = copies;
    if (first === undefined || copies.length === 1) continue;
    yield {
      rule: 'twice',
      text: `${nameOf(first)} is stored ${copies.length} times, at ${copies.map(({ seq }) => seq).join(', ')}`,
      evidence: [
        ...sendsOf(facts, first),
        ...facts.of('acked').filter((one) => keyOf(one.message) === keyOf(first)),
      ],
    };
  }
  const acks = groupBy(facts.of('acked'), ({ message }) => keyOf(message));
  for (const answers of acks.values()) {
    const ids = new Set(answers.map(({ message }) => `${message._id} ${message.seq}`));
    const news = answers.filter(({ duplicate }) => !duplicate);
    const [first] = answers;
    if (first === undefined || (ids.size === 1 && news.length <= 1)) continue;
    yield {
      rule: 'twice',
      text:
        ids.size > 1
          ? `${nameOf(first.message)} was answered with different messages`
          : `${nameOf(first.message)} was answered as new ${news.length} times`,
      evidence: answers,
    };
  }
}

/** In each conversation `seq` is 1, 2, 3 … without gaps or repeats, and `n` matches. */
export function* gap(facts: Facts): Generator<Violation> {
  for (const [conversationId, log] of facts.byConversation) {
    const wrong = log.findIndex(({ seq }, index) => seq !== index + 1);
    if (wrong !== -1) {
      const found = log[wrong]?.seq ?? 0;
      const near = facts
        .of('acked')
        .filter(
          ({ message }) => message.conversationId === conversationId && Math.abs(message.seq - found) <= 1,
        );
      yield {
        rule: 'gap',
        text: `conversation ${conversationId} has ${found} where ${wrong + 1} belongs`,
        evidence: near,
      };
    }
    let counted = 0;
    const miscounted = log.find(
      ({ n, isMembershipEvent }) => n !== (counted += isMembershipEvent === true ? 0 : 1),
    );
    if (wrong === -1 && miscounted !== undefined) {
      yield {
        rule: 'gap',
        text: `${nameOf(miscounted)} counts as number ${miscounted.n}`,
        evidence: [],
      };
    }
  }
}

/** Only sent messages are stored, with their id and text, and none that was finally refused. */
export function* foreign(facts: Facts): Generator<Violation> {
  const sent = new Map<string, Set<string>>();
  for (const { user, conversationId, clientMessageId, content } of facts.of('send')) {
    const key = keyOf({ conversationId, senderId: user, clientMessageId });
    sent.set(key, (sent.get(key) ?? new Set()).add(content));
  }
  for (const message of facts.history.final.messages) {
    if (message.isMembershipEvent === true) continue;
    if (sent.get(keyOf(message))?.has(message.content) !== true) {
      yield { rule: 'foreign', text: `${nameOf(message)} is stored and was never sent so`, evidence: [] };
    }
  }
  for (const event of facts.of('refused')) {
    const { user, conversationId, clientMessageId, content } = event;
    const stored = facts.byKey.get(keyOf({ conversationId, senderId: user, clientMessageId }));
    if (stored?.content !== content || wasLetInMeanwhile(facts, event)) continue;
    yield { rule: 'foreign', text: `${nameOf(stored)} was refused and is stored`, evidence: [event] };
  }
}

/**
 * True when a message was refused because the sender was no member, while another attempt, of this or the other device,
 * was waiting or came later. If the sender became a member by then, that attempt is valid.
 */
function wasLetInMeanwhile(facts: Facts, refused: EventOf<'refused'>): boolean {
  const { user, conversationId, clientMessageId, code } = refused;
  const attempts = facts
    .of('send')
    .filter((send) => send.user === user && send.clientMessageId === clientMessageId);
  return code === 'NOT_PARTICIPANT' && attempts.length > 1 && !facts.wasAlwaysIn(user, conversationId);
}

/** A message acknowledged before another one was sent has the lower `seq`. */
export function* order(facts: Facts): Generator<Violation> {
  const firstSend = firsts(facts.of('send'), ({ user, conversationId, clientMessageId }) =>
    keyOf({ conversationId, senderId: user, clientMessageId }),
  );
  const firstAck = firsts(facts.of('acked'), ({ message }) => keyOf(message));
  for (const log of facts.byConversation.values()) {
    let earliest: EventOf<'acked'> | undefined;
    for (const message of log.toReversed()) {
      const send = firstSend.get(keyOf(message));
      if (send !== undefined && earliest !== undefined && earliest.at < send.at) {
        yield {
          rule: 'order',
          text: `${nameOf(message)} was sent after ${nameOf(earliest.message)} had been acknowledged, and comes before it`,
          evidence: [earliest, send],
        };
      }
      const ack = firstAck.get(keyOf(message));
      if (ack !== undefined && (earliest === undefined || ack.at < earliest.at)) earliest = ack;
    }
  }
}

/** Every message received live is stored identically, and was already stored when it was received. */
export function* live(facts: Facts): Generator<Violation> {
  for (const event of facts.of('heard')) {
    const stored = facts.byId.get(event.message._id);
    if (stored !== undefined && !differs(event.message, stored)) continue;
    yield {
      rule: 'live',
      text: `${nameOf(event.message)} was heard live and is ${stored === undefined ? 'not stored' : 'stored as another'}`,
      evidence: [event],
    };
  }
  for (const event of facts.of('spotCheck')) {
    if (event.found) continue;
    yield {
      rule: 'live',
      text: `message ${event.messageId} was heard live before it was stored`,
      evidence: [event],
    };
  }
}

const sendsOf = (facts: Facts, message: SeenMessage): EventOf<'send'>[] =>
  facts
    .of('send')
    .filter(
      ({ user, conversationId, clientMessageId }) =>
        clientMessageId === message.clientMessageId &&
        conversationId === message.conversationId &&
        user === message.senderId,
    );

/** Returns the first event of each key; events are ordered by time. */
function firsts<Event>(events: readonly Event[], key: (event: Event) => string): Map<string, Event> {
  const found = new Map<string, Event>();
  for (const event of events) if (!found.has(key(event))) found.set(key(event), event);
  return found;
}
