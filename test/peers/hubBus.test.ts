import { expect, test, vi } from 'vitest';
import { until } from '../support/until.js';
import { promiseBus } from './bus.js';
import { Hub } from './support/hubProcesses.js';

vi.setConfig({ testTimeout: 60_000 });

promiseBus('hub', async (count) => {
  const hub = await Hub.start(count);
  return { buses: hub.peers.map(({ bus }) => bus), [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose]() };
});

const SMALL = 256 * 1024;

test('a process that stands still makes nobody else wait, and learns of the gap when it wakes', async () => {
  await using hub = await Hub.start(3, { maxBytes: SMALL });
  const [one, two, three] = [hub.peer(0), hub.peer(1), hub.peer(2)];
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
  const before = process.memoryUsage.rss();
  const TEXT = 'x'.repeat(1_000);
  // Fifty times what may wait, in parts that the others can follow.
  for (let part = 0; part < 100; part += 1) {
    await one.call('publishMany', 'a', 100, `of part ${part} ${TEXT}`);
    await until(() => heard.three.at(-1)?.startsWith(`99 of part ${part} `));
  }
  expect(heard.three.filter((text) => text.includes('of part'))).toHaveLength(10_000);
  // Some 20 MB were published; kept for the one that stands still are its bound and what the kernel holds.
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
  expect(gaps).toBe(0);
  two.signal('SIGCONT');
  await until(() => gaps === 1, { what: 'the gap' });
  expect(hub.dropped).toBeGreaterThan(5_000);
  // What it did hear is a beginning, in order; then the gap; then everything again.
  const parts = heard.two.filter((text) => text.includes('of part'));
  expect(parts).toEqual(heard.three.filter((text) => text.includes('of part')).slice(0, parts.length));
  expect(parts.length + hub.dropped).toBe(10_000);
  one.bus.publish('a', 'and on');
  await until(() => heard.two.at(-1) === 'and on');
});

test('a process whose own publications were dropped tells the others that there is a gap, and listens on', async () => {
  await using hub = await Hub.start(2, { maxBytes: SMALL });
  const [one, two] = [hub.peer(0), hub.peer(1)];
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
  // In one turn, and more than may wait: whatever comes after what fits is dropped.
  await one.call('publishMany', 'a', 2_000, 'x'.repeat(1_000));
  await until(() => gaps.two === 1 && gaps.one === 1, { what: 'the gaps' });
  expect(heard.filter((text) => text.includes('xxx')).length).toBeLessThan(2_000);
  expect(await one.call('isUp')).toBe(true);
  two.bus.publish('a', 'to one');
  one.bus.publish('a', 'to two');
  await until(() => heard.includes('to one') && heard.includes('to two'));
});

test('what a killed process listened to goes with it', async () => {
  await using hub = await Hub.start(3);
  const [one, two, three] = [hub.peer(0), hub.peer(1), hub.peer(2)];
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
  expect(hub.dropped).toBe(0);
});
