import { expect, test, vi } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { until } from '../support/until.js';
import { promisePresence } from './presence.js';
import { Hub } from './support/hubProcesses.js';

vi.setConfig({ testTimeout: 60_000 });

promisePresence('hub', async (count) => {
  const hub = await Hub.start(count);
  return {
    stores: hub.peers.map(({ store }) => store),
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  };
});

const [ann, ben] = ['ann', 'ben'] as [UserId, UserId];

test('users of a process that is killed go with it, and the others are in doubt', async () => {
  await using hub = await Hub.start(3);
  const [one, two, three] = [hub.peer(0), hub.peer(1), hub.peer(2)];
  let doubts = 0;
  for (const peer of [two, three]) peer.store.onDoubt(() => (doubts += 1));
  await one.store.enter(ann);
  await one.store.enter(ben);
  await two.store.enter(ben);
  await one.kill();
  await until(() => doubts === 2, { what: 'doubt on both' });
  expect(await three.store.findOnline([ann, ben])).toEqual(new Set([ben]));
});

test('users of a process that stands still are online until it is gone', async () => {
  await using hub = await Hub.start(2);
  const [one, two] = [hub.peer(0), hub.peer(1)];
  await one.store.enter(ann);
  one.signal('SIGSTOP');
  expect(await two.store.findOnline([ann])).toEqual(new Set([ann]));
  await one.kill();
  await until(async () => (await two.store.findOnline([ann])).size === 0);
});

test('while nothing can be entered that is said at once, and what should be known is known when there is room again', async () => {
  // The channel of a process takes what fits one turn, and no more in it.
  await using hub = await Hub.start(2, { maxBytes: 20_000 });
  const [one, two] = [hub.peer(0), hub.peer(1)];
  let doubts = 0;
  one.store.onDoubt(() => (doubts += 1));
  const bus = { onMessage: () => undefined, onGap: () => undefined };
  await one.bus.start(bus);
  const users = Array.from({ length: 50 }, (_, index) => `user-${index}` as UserId);
  const refusals = await one.call('floodAndEnter', 'a', 500, 'x'.repeat(1_000), users);
  expect(new Set(refusals as string[])).toEqual(new Set(['HubAway']));
  await until(async () => (await two.store.findOnline(users)).size === users.length);
  expect(doubts).toBeGreaterThan(0);
});
