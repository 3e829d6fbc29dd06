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

/** One device of Alice, and Bob with a bare socket. */
interface Run {
  server: TestServer;
  aliceId: string;
  bob: TestClient;
  proxy: SocketProxy;
  conversationId: string;
  /** Replaced when a flow starts the app anew. */
  device: ClientProcess;
  killPoint: KillPoint | undefined;
}

interface Flow {
  /** Brings the app to where the flow begins. */
  before?: (run: Run) => Promise<void>;
  /** Runs until everything is done; rejects when the app was killed. */
  act: (run: Run) => Promise<void>;
}

const isDone = ({ status, pending }: HostView): boolean => status === 'online' && pending.length === 0;
const hasText =
  (text: string) =>
  ({ messages }: HostView): boolean =>
    messages.some(({ content }) => content === text);

const FLOWS: Record<string, Flow> = {
  'while sending': {
    act: async ({ device, conversationId }) => {
      for (const text of ['first', 'second']) await device.do('send', conversationId, text);
      await device.shows(conversationId, isDone, 'two messages sent');
    },
  },
  'while editing': {
    act: async ({ device, conversationId }) => {
      await device.do('edit', conversationId, 2, 'edited');
      await device.shows(conversationId, hasText('edited'), 'the edit');
    },
  },
  'while receiving': {
    act: async ({ device, bob, conversationId }) => {
      await say(bob, conversationId, 'received 1');
      await say(bob, conversationId, 'received 2');
      await device.shows(conversationId, hasText('received 2'), 'two messages received');
      await bob.next('message:status', ({ deliveredSeq }) => deliveredSeq === 4);
    },
  },
  'while catching up': {
    before: async (run) => {
      const { bob, conversationId } = run;
      await run.device.do('send', conversationId, 'unsent');
      await run.device.kill();
      await say(bob, conversationId, 'missed 1');
      await bob.ok('editMessage', { conversationId, seq: 1, content: 'hello, edited' });
      await say(bob, conversationId, 'missed 2');
    },
    act: async (run) => {
      const { conversationId, killPoint } = run;
      run.device = await start(run, killPoint?.on === 'storage' ? killPoint : undefined);
      await run.device.do('connect');
      await run.device.do('open', conversationId);
      await run.device.shows(
        conversationId,
        (view) => isDone(view) && hasText('missed 2')(view),
        'everything missed',
      );
    },
  },
};

const start = (
  run: Pick<Run, 'proxy' | 'aliceId'> & { device?: ClientProcess },
  killAt?: KillStep,
): Promise<ClientProcess> =>
  ClientProcess.start({
    url: run.proxy.url,
    userId: run.aliceId,
    ...(run.device && { folder: run.device.folder }),
    killAt,
  });

let server: TestServer;
let runs = 0;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Runs a flow with a kill at one point, and then the check. @returns whether the point was reached, and the steps made. */
async function runFlow(
  flow: Flow,
  killPoint: KillPoint | undefined,
): Promise<{ storage: number; network: number }> {
  runs += 1;
  const aliceId = `alice-${runs}`;
  await using bob = await server.connectAs(`bob-${runs}`);
  const conversationId = await bob.open(aliceId);
  await say(bob, conversationId, 'hello');
  await using proxy = await SocketProxy.start(server.url);
  const run: Run = {
    server,
    aliceId,
    bob,
    proxy,
    conversationId,
    killPoint,
    device: await start({ proxy, aliceId }),
  };
  await prepare(run);
  await flow.before?.(run);
  const [steps, packets] = [run.device.steps.length, proxy.packets.length];
  const { device } = run;
  if (killPoint?.on === 'storage' && device.isAlive) await device.do('killAt', killPoint);
  if (killPoint?.on === 'network') killAtPacket(run, killPoint);
  await flow.act(run).catch((error: unknown) => {
    if (!String(error).includes('KILLED')) throw error;
  });
  const made = run.device.steps.slice(run.device === device ? steps : 0);
  const counts = {
    storage: made.filter(({ moment }) => moment === 'after').length,
    network: proxy.packets.length - packets,
  };
  await run.device.kill();
  proxy.judge = () => 'pass';
  await check(run);
  return counts;
}

/** Connects, opens the conversation, and sends the first message. */
async function prepare({ device, conversationId, bob }: Run): Promise<void> {
  await device.do('connect');
  await device.do('open', conversationId);
  await device.do('send', conversationId, 'before');
  await device.shows(conversationId, (view) => isDone(view) && hasText('before')(view), 'the beginning');
  await bob.next('message:new', ({ seq }) => seq === 2);
}

function killAtPacket(run: Run, { number, moment }: KillPoint): void {
  let count = 0;
  run.proxy.judge = () => {
    count += 1;
    if (count !== number) return 'pass';
    run.device.child.kill('SIGKILL');
    return moment === 'before' ? 'cut' : 'pass';
  };
}

/** Starts the app again: what was safe on the device is stored once, and the device shows the server's history. */
async function check(run: Run): Promise<void> {
  const { device, bob, conversationId } = run;
  const unsent = (await device.storedOutbox()).map(
    (value) => JSON.parse(value) as { clientMessageId: string; content: string },
  );
  await using again = await start(run);
  await again.do('connect');
  await again.do('open', conversationId);
  await again.shows(conversationId, isDone, 'everything sent');
  const stored = await storedTexts(bob, conversationId);
  const view = await again.shows(
    conversationId,
    ({ messages }) => JSON.stringify(messages.map(({ content }) => content)) === JSON.stringify(stored),
    JSON.stringify(stored),
  );
  expect(new Set(stored).size, `stored once: ${JSON.stringify(stored)}`).toBe(stored.length);
  for (const { content } of unsent) expect(stored).toContain(content);
  const ids = view.messages.map(({ clientMessageId }) => clientMessageId);
  for (const id of device.persisted) expect(ids.filter((one) => one === id)).toHaveLength(1);
  expect([view.violations, view.failures]).toEqual([[], []]);
}

/** All points of a flow: after each step, and before the first. (After one step is before the next.) */
const pointsOf = (counts: { storage: number; network: number }): KillPoint[] =>
  (['storage', 'network'] as const).flatMap((on) => [
    { on, number: 1, moment: 'before' as const },
    ...Array.from({ length: counts[on] }, (_, index) => ({
      on,
      number: index + 1,
      moment: 'after' as const,
    })),
  ]);

/** Runs at a time: an app that starts keeps one core busy. */
const AT_A_TIME = 3;

describe('an app that is killed', () => {
  test.each(Object.entries(FLOWS))('%s, at any step', async (name, flow) => {
    const counts = await runFlow(flow, undefined);
    const points = pointsOf(counts);
    const failures: string[] = [];
    const waiting = points.values();
    const work = async (): Promise<void> => {
      for (const point of waiting) {
        await runFlow(flow, point).catch((error: unknown) => {
          failures.push(
            `killed ${name}, ${point.moment} step ${point.number} of ${point.on}: ${String(error)}`,
          );
        });
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
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
    await using first = await start({ proxy, aliceId });
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
