import { describe, expect, test } from 'vitest';
import { checkHistory, formatVerdict } from './checker.js';
import { RULES, type History } from './history.js';
import { mutate, MUTATIONS } from './mutations/index.js';
import { goodHistory } from './sample.js';

const rulesOf = (history: History): string[] => Object.keys(checkHistory(history).counts);

test('a history in which every promise holds is accepted', () => {
  expect(checkHistory(goodHistory()).violations).toEqual([]);
});

describe('a deliberately broken promise is found', () => {
  test.each(Object.entries(MUTATIONS))('%s', (_name, mutation) => {
    expect(rulesOf(mutate(goodHistory(), mutation))).toContain(mutation.rule);
  });
});

test('every rule of the checker is broken by some mutation', () => {
  const broken = new Set(Object.values(MUTATIONS).map(({ rule }) => rule));
  // Recovery is checked by the runner, not in a history.
  expect(Object.keys(RULES).filter((rule) => !broken.has(rule as never))).toEqual(['recovery']);
});

test('a violation contains the log lines that show it', () => {
  const history = mutate(
    goodHistory(),
    MUTATIONS['an acknowledged message is gone from the end'] ?? { rule: 'lost', apply: () => undefined },
  );
  const found = checkHistory(history).violations.find(({ rule }) => rule === 'lost');
  expect(found?.evidence.map(({ kind, client }) => [kind, client])).toEqual([
    ['send', 'ann/1'],
    ['acked', 'ann/1'],
  ]);
  expect(formatVerdict(checkHistory(history))).toMatch(
    /no acknowledged message is lost \[lost\]\n {4}message 3 of a+ by ann/,
  );
});

test('operations in progress when a page or a position was requested may or may not be included', () => {
  const history = goodHistory();
  const ack = history.events.find((event) => event.kind === 'acked' && event.message.seq === 3);
  const messages = history.final.messages.filter(({ seq, senderId }) => seq < 3 && senderId !== 'cat');
  const asked = { conversationId: 'a'.repeat(24), fromSeq: 1, limit: 200, lastSeq: 2, messages };
  history.events.push({
    at: 900,
    client: 'ann/1',
    user: 'ann',
    kind: 'page',
    askedAt: (ack?.at ?? 0) - 1,
    ...asked,
  });
  expect(rulesOf(history)).toEqual([]);
  history.events.push({
    at: 901,
    client: 'ann/1',
    user: 'ann',
    kind: 'page',
    askedAt: (ack?.at ?? 0) + 1,
    ...asked,
  });
  expect(rulesOf(history)).toEqual(['stale']);
});

test('in a group, a member must get exactly the entries of their membership', () => {
  const history = goodHistory();
  const [chat] = history.final.conversations;
  if (chat === undefined) throw new Error('there is no conversation');
  chat.type = 'group';
  delete chat.pairKey;
  history.events = history.events.filter(({ kind }) => kind !== 'opened');
  const ids = history.final.messages
    .filter(({ conversationId }) => conversationId === chat._id)
    .map(({ _id }) => _id);
  chat.members.push({ userId: 'eve', fromSeq: 2, untilSeq: 2 });
  history.events.push({
    at: 900,
    client: 'eve/1',
    user: 'eve',
    kind: 'final',
    holdings: { [chat._id]: ids.slice(1, 2) },
  });
  const strip = (one: History): History => ({
    ...one,
    // With a third member a message is not "read" before she has read it; this test is not about statuses.
    events: one.events.map((event) =>
      event.kind === 'page'
        ? { ...event, messages: event.messages.map(({ status: _status, ...rest }) => rest) }
        : event,
    ),
  });
  expect(rulesOf(strip(history))).toEqual([]);
  const third = history.final.messages.find(({ _id }) => _id === ids[2]);
  if (third === undefined) throw new Error('there is no third message');
  history.events.push({ at: 901, client: 'eve/1', user: 'eve', kind: 'heard', message: third });
  expect(rulesOf(strip(history))).toEqual(['leak']);
});
