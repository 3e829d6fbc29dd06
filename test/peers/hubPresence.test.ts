import { expect, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { until } from '../support/until.js';
import { testPresence } from './presence.js';
import { Broker } from './support/hubProcesses.js';

testPresence('broker', async (count) => {
  const broker = await Broker.start(count);
  return {
    stores: broker.peers.map(({ store }) => store),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
});

const [ann, ben] = ['ann', 'ben'] as [UserId, UserId];

test('users of a killed process are removed with it, and the others are notified of a gap', async () => {
  await using broker = await Broker.start(3);
  const [one, two, three] = [broker.peer(0), broker.peer(1), broker.peer(2)];
  let doubts = 0;
  for (const peer of [two, three]) peer.store.onDoubt(() => (doubts += 1));
  await one.store.enter(ann);
  await one.store.enter(ben);
  await two.store.enter(ben);
  await one.kill();
  await until(() => doubts === 2, { what: 'doubt on both' });
  expect(await three.store.findOnline([ann, ben])).toEqual(new Set([ben]));
});

test('users of a paused process stay online until it has ended', async () => {
  await using broker = await Broker.start(2);
  const [one, two] = [broker.peer(0), broker.peer(1)];
  await one.store.enter(ann);
  one.signal('SIGSTOP');
  expect(await two.store.findOnline([ann])).toEqual(new Set([ann]));
  await one.kill();
  await until(async () => (await two.store.findOnline([ann])).size === 0);
});

test('while nothing can be entered this is reported immediately, and the state is corrected when there is room again', async () => {
  // The channel of a process accepts what fits in one turn, and no more.
  await using broker = await Broker.start(2, { maxBytes: 20_000 });
  const [one, two] = [broker.peer(0), broker.peer(1)];
  let doubts = 0;
  one.store.onDoubt(() => (doubts += 1));
  const bus = { onMessage: () => undefined, onGap: () => undefined };
  await one.bus.start(bus);
  const users = Array.from({ length: 50 }, (_, index) => `user-${index}` as UserId);
  const refusals = await one.call('floodAndEnter', 'a', 500, 'x'.repeat(1_000), users);
  expect(new Set(refusals as string[])).toEqual(new Set(['BrokerUnavailable']));
  await until(async () => (await two.store.findOnline(users)).size === users.length);
  expect(doubts).toBeGreaterThan(0);
});
