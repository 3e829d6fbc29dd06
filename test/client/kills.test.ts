import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestClient } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import type { HostView, KillStep } from './support/clientHost.js';
import { ClientProcess } from './support/clientProcess.js';
import { isCommand, say, storedTexts } from './support/scene.js';
import { SocketProxy } from './support/socketProxy.js';

/**
 * The app is killed (SIGKILL) at every step that its client makes on the storage and on the network, and started again: every
 * message is stored once, and the device shows the history of the server.
 */

/** A step at which the app is killed; `storage` before and after an operation takes effect, `network` before and after a packet. */
type KillPoint = KillStep & { on: 'storage' | 'network' };

/** A device of Alice, and Bob with a bare socket. One kill follows another on the same device. */
class Lane implements AsyncDisposable {
  /** Replaced when the app is started again. */
  device: ClientProcess;
  /** Number of the kill. */
  round = 0;

  private constructor(
    readonly aliceId: string,
    readonly parts: { bob: TestClient; proxy: SocketProxy; conversationId: string },
    device: ClientProcess,
  ) {
    this.device = device;
  }

  static async open(server: TestServer, aliceId: string): Promise<Lane> {
    const bob = await server.connectAs(`bob-of-${aliceId}`);
    const conversationId = await bob.open(aliceId);
    await say(bob, conversationId, 'hello');
    const proxy = await SocketProxy.start(server.url);
    const device = await ClientProcess.start({ url: proxy.url, userId: aliceId });
    const lane = new Lane(aliceId, { bob, proxy, conversationId }, device);
    await lane.connect();
    await device.shows(conversationId, isDone, 'the beginning');
    return lane;
  }

  /** Starts the app on the storage that the last one has left. */
  async start(killAt?: KillStep): Promise<void> {
    const { device } = this;
    await device.kill();
    this.device = await ClientProcess.start({
      url: this.parts.proxy.url,
      userId: this.aliceId,
      folder: device.folder,
      killAt,
    });
  }

  async connect(): Promise<void> {
    await this.device.do('connect');
    await this.device.do('open', this.parts.conversationId);
  }

  /** Returns a text that only this kill uses. */
  text(name: string): string {
    return `${name} of ${this.round}`;
  }

  async shows(fits: (view: HostView) => boolean, what: string): Promise<HostView> {
    return await this.device.shows(this.parts.conversationId, fits, what);
  }

  /** Resolves when the app has written its cache since a step. */
  async written(sinceStep: number): Promise<void> {
    const { device } = this;
    const isWritten = (): boolean =>
      device.steps
        .slice(sinceStep)
        .some(({ collections, moment }) => collections.includes('meta') && moment === 'after');
    await until(() => isWritten() || !device.isAlive, { what: 'a write', everyMs: 10 });
    if (!device.isAlive) throw new Error('KILLED');
  }

  /** Resolves when Bob knows that the app has received everything up to a message. */
  async delivered(seq: number): Promise<void> {
    const { device, parts } = this;
    const isDelivered = (): boolean =>
      parts.bob.pushes('message:status').some(({ deliveredSeq }) => deliveredSeq >= seq);
    await until(() => isDelivered() || !device.isAlive, { what: 'a receipt', everyMs: 10 });
    if (!device.isAlive) throw new Error('KILLED');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.device[Symbol.asyncDispose]();
    await this.parts.proxy[Symbol.asyncDispose]();
    this.parts.bob.close();
  }
}

interface Flow {
  /** Brings the app to where the flow begins. */
  before?: (lane: Lane) => Promise<void>;
  /** Runs until everything is done; rejects when the app was killed. */
  act: (lane: Lane, killPoint: KillPoint | undefined) => Promise<void>;
}

const isDone = ({ status, pending }: HostView): boolean => status === 'online' && pending.length === 0;
const hasText =
  (text: string) =>
  ({ messages }: HostView): boolean =>
    messages.some(({ content }) => content === text);

const FLOWS: Record<string, Flow> = {
  'while sending': {
    act: async (lane) => {
      const { device, parts } = lane;
      const steps = device.steps.length;
      for (const name of ['first', 'second']) await device.do('send', parts.conversationId, lane.text(name));
      await lane.shows(isDone, 'two messages sent');
      await lane.written(steps);
    },
  },
  'while editing': {
    act: async (lane) => {
      const { device, parts } = lane;
      const { messages } = await device.do('view', parts.conversationId);
      const own = messages.find(({ clientMessageId }) => device.persisted.includes(clientMessageId));
      const { seq = 0 } = own ?? {};
      const steps = device.steps.length;
      await device.do('edit', parts.conversationId, seq, lane.text('edited'));
      await lane.shows(hasText(lane.text('edited')), 'the edit');
      await lane.written(steps);
    },
    before: async (lane) => {
      await lane.device.do('send', lane.parts.conversationId, lane.text('to edit'));
      await lane.shows(isDone, 'a message to edit');
    },
  },
  'while receiving': {
    act: async (lane) => {
      const { bob, conversationId } = lane.parts;
      const steps = lane.device.steps.length;
      await say(bob, conversationId, lane.text('received 1'));
      const seq = await say(bob, conversationId, lane.text('received 2'));
      await lane.shows(hasText(lane.text('received 2')), 'two messages received');
      await lane.written(steps);
      await lane.delivered(seq);
    },
  },
  'while catching up': {
    before: async (lane) => {
      const { bob, conversationId } = lane.parts;
      await lane.device.do('send', conversationId, lane.text('unsent'));
      await lane.device.kill();
      const seq = await say(bob, conversationId, lane.text('missed 1'));
      await bob.ok('editMessage', { conversationId, seq, content: lane.text('missed, and edited') });
      await say(bob, conversationId, lane.text('missed 2'));
    },
    act: async (lane, killPoint) => {
      await lane.start(killPoint?.on === 'storage' ? killPoint : undefined);
      await lane.connect();
      const last = hasText(lane.text('missed 2'));
      await lane.shows((view) => isDone(view) && last(view), 'everything missed');
      await lane.written(0);
    },
  },
};

let server: TestServer;
let runs = 0;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Counts {
  storage: number;
  network: number;
}

/** Runs a flow with a kill at one point, and then the check. @returns the steps that were made */
async function runFlow(lane: Lane, flow: Flow, killPoint: KillPoint | undefined): Promise<Counts> {
  lane.round += 1;
  await flow.before?.(lane);
  const { device } = lane;
  const { proxy } = lane.parts;
  const [steps, packets] = [device.steps.length, proxy.packets.length];
  if (killPoint?.on === 'storage' && device.isAlive) await device.do('killAt', killPoint);
  if (killPoint?.on === 'network') killAtPacket(lane, killPoint);
  await flow.act(lane, killPoint).catch((error: unknown) => {
    if (!String(error).includes('KILLED')) throw error;
  });
  const made = lane.device.steps.slice(lane.device === device ? steps : 0);
  const counts = {
    storage: made.filter(({ moment }) => moment === 'after').length,
    network: proxy.packets.length - packets,
  };
  proxy.judge = () => 'pass';
  await check(lane);
  return counts;
}

function killAtPacket(lane: Lane, { number, moment }: KillPoint): void {
  let count = 0;
  lane.parts.proxy.judge = () => {
    count += 1;
    if (count !== number) return 'pass';
    lane.device.child.kill('SIGKILL');
    return moment === 'before' ? 'cut' : 'pass';
  };
}

/** Starts the app again: what was safe on the device is stored once, and the device shows the server's history. */
async function check(lane: Lane): Promise<void> {
  const { bob, conversationId } = lane.parts;
  await lane.device.kill();
  const { persisted } = lane.device;
  const unsent = (await lane.device.storedOutbox()).map((value) => JSON.parse(value) as { content: string });
  await lane.start();
  await lane.connect();
  await lane.shows(isDone, 'everything sent');
  const stored = await storedTexts(bob, conversationId);
  const text = JSON.stringify(stored);
  const isSame = ({ messages }: HostView): boolean =>
    JSON.stringify(messages.map(({ content }) => content)) === text;
  const view = await lane.shows(isSame, text);
  expect(new Set(stored).size, `stored once: ${text}`).toBe(stored.length);
  for (const { content } of unsent) expect(stored).toContain(content);
  const ids = view.messages.map(({ clientMessageId }) => clientMessageId);
  for (const id of persisted) expect(ids.filter((one) => one === id)).toHaveLength(1);
  expect([view.violations, view.failures]).toEqual([[], []]);
}

/** All points of a flow: after each step, and before the first. (After one step is before the next.) */
const pointsOf = (counts: Counts): KillPoint[] =>
  (['storage', 'network'] as const).flatMap((on) => [
    { on, number: 1, moment: 'before' as const },
    ...Array.from({ length: counts[on] }, (_, index) => ({
      on,
      number: index + 1,
      moment: 'after' as const,
    })),
  ]);

/** Devices at a time: an app that starts keeps one core busy, and then waits. */
const LANES = 3;

describe('an app that is killed', () => {
  test.each(Object.entries(FLOWS))('%s, at any step', async (name, flow) => {
    const lanes = await Promise.all(
      Array.from({ length: LANES }, (_, index) =>
        Lane.open(server, `alice-${index}-${name.replaceAll(' ', '-')}`),
      ),
    );
    const [first] = lanes;
    if (first === undefined) throw new Error('there is no device');
    const counts = await runFlow(first, flow, undefined);
    const failures: string[] = [];
    const waiting = pointsOf(counts).values();
    const work = async (lane: Lane): Promise<void> => {
      for (const point of waiting) {
        await runFlow(lane, flow, point).catch((error: unknown) => {
          failures.push(
            `killed ${name}, ${point.moment} step ${point.number} of the ${point.on}: ${String(error)}`,
          );
        });
      }
    };
    await Promise.all(lanes.map(work));
    await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()));
    expect(failures).toEqual([]);
    expect(counts.storage, 'steps of the storage').toBeGreaterThan(0);
    expect(counts.network, 'packets').toBeGreaterThan(0);
  });

  test('while its acknowledgement is awaited: the message is sent again under its id, and stored once', async () => {
    runs += 1;
    const aliceId = `alice-${runs}`;
    await using bob = await server.connectAs(`bob-${runs}`);
    const conversationId = await bob.open(aliceId);
    await using proxy = await SocketProxy.start(server.url);
    await using first = await ClientProcess.start({ url: proxy.url, userId: aliceId });
    await first.do('connect');
    await first.do('open', conversationId);
    const stored = proxy.next(({ kind, event }) => kind === 'answer' && event === 'sendMessage', 'drop');
    const { clientMessageId } = await first.do('send', conversationId, 'resumed');
    await stored;
    await using second = await first.restart({ url: proxy.url });
    await second.do('connect');
    await second.shows(conversationId, isDone, 'the message sent');
    const sends = proxy.packets.filter(isCommand('sendMessage')).map(({ payload }) => payload);
    expect(sends.length).toBeGreaterThanOrEqual(1);
    for (const payload of sends) expect(payload).toMatchObject({ clientMessageId });
    expect(await storedTexts(bob, conversationId)).toEqual(['resumed']);
  });

  test.each([
    ['a day behind', -86_400_000],
    ['three years ahead', 3 * 365 * 86_400_000],
  ])('a device clock that is %s loses nothing', async (_clock, clockOffByMs) => {
    runs += 1;
    const aliceId = `alice-${runs}`;
    await using bob = await server.connectAs(`bob-${runs}`);
    const conversationId = await bob.open(aliceId);
    await say(bob, conversationId, 'hello');
    const options = { url: server.url, userId: aliceId, clockOffByMs };
    await using first = await ClientProcess.start(options);
    await first.do('connect');
    await first.do('open', conversationId);
    await first.do('send', conversationId, 'mine');
    await first.shows(conversationId, isDone, 'sent');
    await first.kill();
    await say(bob, conversationId, 'missed');
    // The clock is set right between the two.
    await using second = await first.restart({ url: server.url });
    await second.do('connect');
    await second.do('open', conversationId);
    const texts = JSON.stringify(['hello', 'mine', 'missed']);
    await second.shows(
      conversationId,
      ({ messages }) => JSON.stringify(messages.map(({ content }) => content)) === texts,
    );
    await until(async () => (await second.do('view', conversationId)).unreadCount === 1);
    await second.do('markRead', conversationId, 3);
    await bob.next('message:status', ({ readSeq }) => readSeq === 3);
  });
});
