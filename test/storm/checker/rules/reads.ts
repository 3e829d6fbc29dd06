import type { Facts } from '../facts.js';
import { HIDDEN, type EventOf, type FinalMessage, type Violation } from '../history.js';

/** Returns the id that a member is shown for an entry. */
const idFor = (facts: Facts, user: string, stored: FinalMessage | undefined): string | undefined =>
  stored !== undefined &&
  (stored.isSilent === true || facts.wasAwayAt(user, stored.conversationId, stored.seq))
    ? HIDDEN
    : stored?._id;

/** A page is a continuous range of the stored log, and contains everything acknowledged before the request. */
export function* stale(facts: Facts): Generator<Violation> {
  for (const page of facts.of('page')) {
    const wrong = page.messages.find(({ _id, seq, content }) => {
      const stored = facts.at(page.conversationId, seq);
      return idFor(facts, page.user, stored) !== _id || (_id !== HIDDEN && stored?.content !== content);
    });
    if (wrong !== undefined) {
      yield {
        rule: 'history',
        text: `a page of ${page.conversationId} shows ${wrong._id} at ${wrong.seq}, where ${facts.at(page.conversationId, wrong.seq)?._id ?? 'nothing'} is stored`,
        evidence: [{ ...page, messages: [wrong] }],
      };
    }
    const missing = firstMissing(page, facts.ackedEnd.get(page.conversationId)?.before(page.askedAt) ?? 0);
    if (missing === undefined) continue;
    const ack = facts
      .of('acked')
      .find(({ message }) => message.conversationId === page.conversationId && message.seq >= missing);
    const short = { ...page, messages: page.messages.slice(-1) };
    yield {
      rule: 'stale',
      text: `a page of ${page.conversationId} lacks ${missing}, which had been acknowledged before it was asked for`,
      evidence: ack === undefined ? [short] : [ack, short],
    };
  }
}

/** Returns the first `seq` within the page's range and the acknowledged tail that the page lacks. */
function firstMissing(page: EventOf<'page'>, ackedEnd: number): number | undefined {
  if (page.lastSeq < ackedEnd) return ackedEnd;
  const from = page.fromSeq ?? Math.max(1, page.lastSeq - page.limit + 1);
  const lastShown = page.messages.at(-1)?.seq ?? 0;
  const to = Math.min(page.toSeq ?? Infinity, from + page.limit - 1, Math.max(ackedEnd, lastShown));
  const shown = new Set(page.messages.map(({ seq }) => seq));
  for (let seq = from; seq <= to; seq += 1) if (!shown.has(seq)) return seq;
  return undefined;
}

/** Every device ends with all of its messages in the one order: collected live, and read again. */
export function* history(facts: Facts): Generator<Violation> {
  for (const event of [...facts.of('final'), ...facts.of('fresh')]) {
    const how = event.kind === 'final' ? 'gathered live and by sync' : 'read anew from the start';
    for (const conversation of facts.conversations.values()) {
      if (!facts.isIn(event.user, conversation._id)) continue;
      const expected = facts
        .log(conversation._id)
        .filter(({ seq }) => facts.mayKnow(event.user, conversation._id, seq))
        .flatMap((message) => idFor(facts, event.user, message) ?? []);
      const held = event.holdings[conversation._id] ?? [];
      const place = firstDifference(expected, held);
      if (place === undefined) continue;
      yield {
        rule: 'history',
        text: `${event.client} ${how}: ${held.length} messages of ${conversation._id} where ${expected.length} are stored; the first difference is at ${place + 1} (${held[place] ?? 'nothing'} for ${expected[place] ?? 'nothing'})`,
        evidence: aboutMessage(facts, event.client, expected[place] ?? held[place]),
      };
    }
    for (const conversationId of Object.keys(event.holdings)) {
      if (facts.conversations.has(conversationId)) continue;
      yield {
        rule: 'history',
        text: `${event.client} holds a conversation ${conversationId} that is not stored`,
        evidence: [],
      };
    }
  }
}

function firstDifference(a: readonly string[], b: readonly string[]): number | undefined {
  for (let place = 0; place < Math.max(a.length, b.length); place += 1)
    if (a[place] !== b[place]) return place;
  return undefined;
}

/** Returns what a client did with a message, and when the message was acknowledged. */
function aboutMessage(facts: Facts, client: string, messageId: string | undefined) {
  if (messageId === undefined) return [];
  return [
    ...facts.of('acked').filter(({ message }) => message._id === messageId),
    ...facts.of('heard').filter((one) => one.client === client && one.message._id === messageId),
  ];
}
