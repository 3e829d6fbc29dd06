import { expect, test } from 'vitest';
import { liveBytesHere } from '../support/liveBytes.js';
import { until } from '../support/until.js';
import { testBus } from './bus.js';
import { Broker } from './support/hubProcesses.js';

testBus('broker', async (count) => {
  const broker = await Broker.start(count);
  return {
    buses: broker.peers.map(({ bus }) => bus),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
});

const SMALL = 256 * 1024;

test('a paused process blocks no other, and is notified of the gap when it wakes', async () => {
  await using broker = await Broker.start(3, { maxBytes: SMALL });
  const [one, two, three] = [broker.peer(0), broker.peer(1), broker.peer(2)];
  const heard = { two: [] as string[], three: [] as string[] };
  let gaps = 0;
  await one.bus.start({ onMessage: () => undefined, onGap: () => undefined });
  await two.bus.start({ onMessage: (_room, text) => heard.two.push(text), onGap: () => (gaps += 1) });
  await three.bus.start({ onMessage: (_room, text) => heard.three.push(text), onGap: () => undefined });
  two.bus.listen('a');
  three.bus.listen('a');
  await until(() => {
    one.bus.publish('a', 'ready?');
    return heard.two.length > 0 && heard.three.length > 0;
  });
  two.signal('SIGSTOP');
  const beforeBytes = liveBytesHere();
  const TEXT = 'x'.repeat(1_000);
  // Fifty times the amount that may wait, in parts that the others can follow.
  for (let part = 0; part < 100; part += 1) {
    await one.call('publishMany', 'a', 100, `of part ${part} ${TEXT}`);
    await until(() => heard.three.at(-1)?.startsWith(`99 of part ${part} `));
  }
  expect(heard.three.filter((text) => text.includes('of part'))).toHaveLength(10_000);
  // Some 10 MB were published. This process holds what it received, and what the channels have buffered.
  const heardBytes = heard.three.reduce((sum, text) => sum + text.length, 0);
  expect(liveBytesHere() - beforeBytes).toBeLessThan(heardBytes + 32 * 1024 * 1024);
  expect(gaps).toBe(0);
  two.signal('SIGCONT');
  await until(() => gaps === 1, { what: 'the gap' });
  expect(broker.dropped).toBeGreaterThan(5_000);
  // It receives a prefix in order, then the gap, then everything again.
  const parts = heard.two.filter((text) => text.includes('of part'));
  expect(parts).toEqual(heard.three.filter((text) => text.includes('of part')).slice(0, parts.length));
  expect(parts.length + broker.dropped).toBe(10_000);
  one.bus.publish('a', 'and on');
  await until(() => heard.two.at(-1) === 'and on');
});

test('a process whose own publications were dropped notifies the others of a gap, and continues to listen', async () => {
  await using broker = await Broker.start(2, { maxBytes: SMALL });
  const [one, two] = [broker.peer(0), broker.peer(1)];
  const heard: string[] = [];
  const gaps = { one: 0, two: 0 };
  await one.bus.start({ onMessage: (_room, text) => heard.push(text), onGap: () => (gaps.one += 1) });
  await two.bus.start({ onMessage: (_room, text) => heard.push(text), onGap: () => (gaps.two += 1) });
  one.bus.listen('a');
  two.bus.listen('a');
  await until(() => {
    one.bus.publish('a', 'ready?');
    return heard.includes('ready?');
  });
  // More in one turn than may wait: everything after the limit is dropped.
  await one.call('publishMany', 'a', 2_000, 'x'.repeat(1_000));
  await until(() => gaps.two === 1 && gaps.one === 1, { what: 'the gaps' });
  expect(heard.filter((text) => text.includes('xxx')).length).toBeLessThan(2_000);
  expect(await one.call('isUp')).toBe(true);
  two.bus.publish('a', 'to one');
  one.bus.publish('a', 'to two');
  await until(() => heard.includes('to one') && heard.includes('to two'));
});

test('subscriptions of a killed process are removed with it', async () => {
  await using broker = await Broker.start(3);
  const [one, two, three] = [broker.peer(0), broker.peer(1), broker.peer(2)];
  const heard: string[] = [];
  for (const peer of [one, two]) await peer.bus.start({ onMessage: () => undefined, onGap: () => undefined });
  await three.bus.start({ onMessage: (_room, text) => heard.push(text), onGap: () => undefined });
  two.bus.listen('a');
  three.bus.listen('a');
  await two.kill();
  await until(() => {
    one.bus.publish('a', 'after the kill');
    return heard.length > 0;
  });
  expect(broker.dropped).toBe(0);
});
