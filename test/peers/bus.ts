import { expect, test } from 'vitest';
import type { Bus, BusListener } from '../../backend/src/services/ports.js';
import { until } from '../support/until.js';

/** Buses that are connected to each other, not started. */
export interface BusPeers extends AsyncDisposable {
  buses: Bus[];
}
export type MakeBuses = (count: number) => Promise<BusPeers>;

/** Records what one process receives, in order. */
class Recorder implements BusListener {
  readonly heard: string[] = [];
  gaps = 0;

  onMessage(room: string, message: string): void {
    this.heard.push(`${room}: ${message}`);
  }

  onGap(): void {
    this.gaps += 1;
  }
}

async function join(buses: readonly Bus[]): Promise<Recorder[]> {
  return Promise.all(
    buses.map(async (bus) => {
      const recorder = new Recorder();
      await bus.start(recorder);
      return recorder;
    }),
  );
}

/** Resolves when a publication reaches the listener: listening takes effect with a short delay. */
async function untilReceived(bus: Bus, recorder: Recorder, room: string): Promise<void> {
  await until(() => {
    bus.publish(room, 'are you there?');
    return recorder.heard.some((one) => one === `${room}: are you there?`);
  });
}

/** Publishes a last message. @returns what was received before it from the same bus in the same room. */
async function untilLast(bus: Bus, recorder: Recorder, room: string): Promise<string[]> {
  const last = `last of ${crypto.randomUUID()}`;
  bus.publish(room, last);
  await until(() => recorder.heard.includes(`${room}: ${last}`));
  return recorder.heard.filter((one) => !one.includes('are you there?') && !one.includes('last of'));
}

/** Tests the guarantees of a bus. @param make creates this many connected buses of one kind. */
export function testBus(kind: string, make: MakeBuses): void {
  test(`${kind}: a publication is received by every other listening process, and by no one else`, async () => {
    await using peers = await make(3);
    const [one, two, three] = peers.buses as [Bus, Bus, Bus];
    const [recorderOne, recorderTwo, recorderThree] = (await join(peers.buses)) as [
      Recorder,
      Recorder,
      Recorder,
    ];
    for (const bus of [two, three]) bus.listen('a');
    three.listen('b');
    one.listen('a');
    await untilReceived(one, recorderTwo, 'a');
    await untilReceived(one, recorderThree, 'a');
    await untilReceived(one, recorderThree, 'b');
    await untilReceived(two, recorderOne, 'a');
    for (const recorder of [recorderOne, recorderTwo, recorderThree]) recorder.heard.length = 0;
    one.publish('a', 'to a');
    one.publish('b', 'to b');
    one.publish('c', 'to nobody');
    expect(await untilLast(one, recorderTwo, 'a')).toEqual(['a: to a']);
    await untilLast(one, recorderThree, 'b');
    expect((await untilLast(one, recorderThree, 'a')).toSorted()).toEqual(['a: to a', 'b: to b']);
    // Never by the publisher itself.
    expect(await untilLast(two, recorderOne, 'a')).toEqual([]);
  });

  test(`${kind}: messages of one process to one room arrive in their order, all of them`, async () => {
    await using peers = await make(3);
    const [one, two, three] = peers.buses as [Bus, Bus, Bus];
    const [, , recorder] = (await join(peers.buses)) as [Recorder, Recorder, Recorder];
    three.listen('a');
    await untilReceived(one, recorder, 'a');
    await untilReceived(two, recorder, 'a');
    const COUNT = 2_000;
    for (let index = 0; index < COUNT; index += 1) {
      one.publish('a', `one ${index}`);
      two.publish('a', `two ${index}`);
    }
    await untilLast(one, recorder, 'a');
    const heard = await untilLast(two, recorder, 'a');
    for (const from of ['one', 'two']) {
      expect(heard.filter((line) => line.includes(from))).toEqual(
        Array.from({ length: COUNT }, (_, index) => `a: ${from} ${index}`),
      );
    }
    expect(recorder.gaps).toBe(0);
  });

  test(`${kind}: a process that stops listening receives nothing more, and may listen again`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.buses as [Bus, Bus];
    const [, recorder] = (await join(peers.buses)) as [Recorder, Recorder];
    two.listen('a');
    two.listen('a');
    two.listen('b');
    await untilReceived(one, recorder, 'a');
    await untilReceived(one, recorder, 'b');
    two.unlisten('a');
    await until(async () => {
      recorder.heard.length = 0;
      one.publish('a', 'anybody?');
      await untilLast(one, recorder, 'b');
      return !recorder.heard.includes('a: anybody?');
    });
    two.listen('a');
    await untilReceived(one, recorder, 'a');
  });

  test(`${kind}: text of every kind and size arrives unchanged`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.buses as [Bus, Bus];
    const [, recorder] = (await join(peers.buses)) as [Recorder, Recorder];
    const room = 'user:a b%_{}"\n\u{1F600}';
    two.listen(room);
    await untilReceived(one, recorder, room);
    const texts = ['', '"', '\\', '\n\r\u2028', '\u{1F468}\u200D\u{1F469}', '{"a":1}', 'x'.repeat(200_000)];
    for (const text of texts) one.publish(room, text);
    expect(await untilLast(one, recorder, room)).toEqual(texts.map((text) => `${room}: ${text}`));
  });

  test(`${kind}: a closed process receives nothing, and the others continue`, async () => {
    await using peers = await make(3);
    const [one, two, three] = peers.buses as [Bus, Bus, Bus];
    const [, recorderTwo, recorderThree] = (await join(peers.buses)) as [Recorder, Recorder, Recorder];
    for (const bus of [two, three]) bus.listen('a');
    await untilReceived(one, recorderTwo, 'a');
    await untilReceived(one, recorderThree, 'a');
    await two.close();
    recorderTwo.heard.length = 0;
    one.publish('a', 'still here?');
    expect(await untilLast(one, recorderThree, 'a')).toEqual(['a: still here?']);
    expect(recorderTwo.heard).toEqual([]);
  });
}
