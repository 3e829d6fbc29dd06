import { expect, test } from 'vitest';
import type { Bus, BusListener } from '../../backend/src/services/ports.js';
import { until } from '../support/until.js';

/** Buses that reach each other, none of them started. */
export interface BusPeers extends AsyncDisposable {
  buses: Bus[];
}
export type MakeBuses = (count: number) => Promise<BusPeers>;

/** What one process heard, in order. */
class Ear implements BusListener {
  readonly heard: string[] = [];
  gaps = 0;

  onMessage(room: string, message: string): void {
    this.heard.push(`${room}: ${message}`);
  }

  onGap(): void {
    this.gaps += 1;
  }
}

async function join(buses: readonly Bus[]): Promise<Ear[]> {
  return Promise.all(
    buses.map(async (bus) => {
      const ear = new Ear();
      await bus.start(ear);
      return ear;
    }),
  );
}

/** Resolves when what this bus publishes reaches the ear: listening takes effect nearly, but not quite, at once. */
async function untilHeard(bus: Bus, ear: Ear, room: string): Promise<void> {
  await until(() => {
    bus.publish(room, 'are you there?');
    return ear.heard.some((one) => one === `${room}: are you there?`);
  });
}

/** A sentence that comes after all that was said before, from the same bus to the same room. */
async function untilLast(bus: Bus, ear: Ear, room: string): Promise<string[]> {
  const last = `last of ${crypto.randomUUID()}`;
  bus.publish(room, last);
  await until(() => ear.heard.includes(`${room}: ${last}`));
  return ear.heard.filter((one) => !one.includes('are you there?') && !one.includes('last of'));
}

/** What every bus promises. `make` gives so many of one kind that reach each other. */
export function promiseBus(kind: string, make: MakeBuses): void {
  test(`${kind}: what one process publishes is heard by every other that listens, and by nobody else`, async () => {
    await using peers = await make(3);
    const [one, two, three] = peers.buses as [Bus, Bus, Bus];
    const [earOne, earTwo, earThree] = (await join(peers.buses)) as [Ear, Ear, Ear];
    for (const bus of [two, three]) bus.listen('a');
    three.listen('b');
    one.listen('a');
    await untilHeard(one, earTwo, 'a');
    await untilHeard(one, earThree, 'a');
    await untilHeard(one, earThree, 'b');
    await untilHeard(two, earOne, 'a');
    for (const ear of [earOne, earTwo, earThree]) ear.heard.length = 0;
    one.publish('a', 'to a');
    one.publish('b', 'to b');
    one.publish('c', 'to nobody');
    expect(await untilLast(one, earTwo, 'a')).toEqual(['a: to a']);
    await untilLast(one, earThree, 'b');
    expect((await untilLast(one, earThree, 'a')).toSorted()).toEqual(['a: to a', 'b: to b']);
    // Never back to who published.
    expect(await untilLast(two, earOne, 'a')).toEqual([]);
  });

  test(`${kind}: messages of one process to one room arrive in their order, all of them`, async () => {
    await using peers = await make(3);
    const [one, two, three] = peers.buses as [Bus, Bus, Bus];
    const [, , ear] = (await join(peers.buses)) as [Ear, Ear, Ear];
    three.listen('a');
    await untilHeard(one, ear, 'a');
    await untilHeard(two, ear, 'a');
    const COUNT = 2_000;
    for (let index = 0; index < COUNT; index += 1) {
      one.publish('a', `one ${index}`);
      two.publish('a', `two ${index}`);
    }
    await untilLast(one, ear, 'a');
    const heard = await untilLast(two, ear, 'a');
    for (const from of ['one', 'two']) {
      expect(heard.filter((line) => line.includes(from))).toEqual(
        Array.from({ length: COUNT }, (_, index) => `a: ${from} ${index}`),
      );
    }
    expect(ear.gaps).toBe(0);
  });

  test(`${kind}: who stops listening hears nothing more, and may listen again`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.buses as [Bus, Bus];
    const [, ear] = (await join(peers.buses)) as [Ear, Ear];
    two.listen('a');
    two.listen('a');
    two.listen('b');
    await untilHeard(one, ear, 'a');
    await untilHeard(one, ear, 'b');
    two.unlisten('a');
    await until(async () => {
      ear.heard.length = 0;
      one.publish('a', 'anybody?');
      await untilLast(one, ear, 'b');
      return !ear.heard.includes('a: anybody?');
    });
    two.listen('a');
    await untilHeard(one, ear, 'a');
  });

  test(`${kind}: text of every kind and size arrives as it was`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.buses as [Bus, Bus];
    const [, ear] = (await join(peers.buses)) as [Ear, Ear];
    const room = 'user:a b%_{}"\n\u{1F600}';
    two.listen(room);
    await untilHeard(one, ear, room);
    const texts = ['', '"', '\\', '\n\r\u2028', '\u{1F468}\u200D\u{1F469}', '{"a":1}', 'x'.repeat(200_000)];
    for (const text of texts) one.publish(room, text);
    expect(await untilLast(one, ear, room)).toEqual(texts.map((text) => `${room}: ${text}`));
  });

  test(`${kind}: a process that has closed hears nothing, and the others go on`, async () => {
    await using peers = await make(3);
    const [one, two, three] = peers.buses as [Bus, Bus, Bus];
    const [, earTwo, earThree] = (await join(peers.buses)) as [Ear, Ear, Ear];
    for (const bus of [two, three]) bus.listen('a');
    await untilHeard(one, earTwo, 'a');
    await untilHeard(one, earThree, 'a');
    await two.close();
    earTwo.heard.length = 0;
    one.publish('a', 'still here?');
    expect(await untilLast(one, earThree, 'a')).toEqual(['a: still here?']);
    expect(earTwo.heard).toEqual([]);
  });
}
