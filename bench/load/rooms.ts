import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadCommands, RoomsResult } from './commands.js';
import type { User } from './fleet.js';
import { keepPace, measured, takeTurn, type Marks } from './loops.js';
import { frameOf } from './wire.js';

/** Time to wait for outstanding publications, in ms. Later ones count as lost. */
const DRAIN_MS = 5_000;
const POLL_MS = 20;
const RECEIVED = Buffer.from('42["message",{"id":');
const DIGIT_0 = '0'.charCodeAt(0);
/** Size of a typical message with its sender. */
const CONTENT = 'x'.repeat(300);

interface Publication {
  sentAt: number;
  local: number;
  remote: number;
  localCount: number;
  remoteCount: number;
  onArrived: () => void;
}

/**
 * Publications of users to two rooms each: one of a user on the own process, and one of a user on the other process.
 * The index of a user tells the process, because users are distributed alternately.
 */
class RoomLoad {
  readonly publications: Publication[] = [];
  connectionsLost = 0;
  private window = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };

  constructor(private readonly users: readonly User[]) {
    for (const [index, { client }] of users.entries()) {
      client.onPacket = (frame) => this.receive(index, frame);
      client.onLost = () => this.connectionsLost++;
    }
  }

  measure(from: number, to: number): void {
    this.window = { from, to };
  }

  publish(index: number, options: { dueAt?: number; onArrived?: () => void } = {}): void {
    const { length } = this.users;
    const user = this.users[index % length];
    const id = this.publications.length;
    this.publications.push({
      sentAt: Math.min(performance.now(), options.dueAt ?? Number.POSITIVE_INFINITY),
      local: Number.NaN,
      remote: Number.NaN,
      localCount: 0,
      remoteCount: 0,
      onArrived: options.onArrived ?? (() => undefined),
    });
    const local = this.users[(index + 2) % length]?.userId ?? '';
    const remote = this.users[(index + 1) % length]?.userId ?? '';
    const json = `{"id":${id},"from":${index % 2},"to":["${local}","${remote}"],"content":"${CONTENT}"}`;
    user?.client.write(frameOf(`42["publish",${json}]`));
  }

  get isSettled(): boolean {
    return this.publications.every(({ localCount, remoteCount }) => localCount > 0 && remoteCount > 0);
  }

  result(): RoomsResult {
    for (const { client } of this.users) {
      client.onPacket = undefined;
      client.onLost = () => undefined;
    }
    const all = this.publications;
    const { from, to } = this.window;
    const clock = performance.timeOrigin;
    return {
      sentAt: Float64Array.from(all, ({ sentAt }) => clock + sentAt),
      localMs: Float64Array.from(all, ({ local, sentAt }) => local - sentAt),
      remoteMs: Float64Array.from(all, ({ remote, sentAt }) => remote - sentAt),
      localCount: Uint8Array.from(all, ({ localCount }) => localCount),
      remoteCount: Uint8Array.from(all, ({ remoteCount }) => remoteCount),
      counts: Uint8Array.from(all, ({ sentAt }) => (sentAt >= from && sentAt < to ? 1 : 0)),
      connectionsLost: this.connectionsLost,
    };
  }

  private receive(index: number, frame: Buffer): boolean {
    if (!frame.subarray(0, RECEIVED.length).equals(RECEIVED)) return false;
    const now = performance.now();
    let id = 0;
    for (let at = RECEIVED.length; ; at++) {
      const digit = (frame[at] ?? 0) - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      id = id * 10 + digit;
    }
    const publication = this.publications[id];
    if (publication === undefined) return true;
    const isLocal = frame.includes(`"from":${index % 2}`);
    if (isLocal) publication.localCount++;
    else publication.remoteCount++;
    if (isLocal && publication.localCount === 1) publication.local = now;
    if (!isLocal && publication.remoteCount === 1) publication.remote = now;
    const { localCount, remoteCount } = publication;
    if (localCount + remoteCount === 2 && localCount === 1) publication.onArrived();
    return true;
  }
}

export async function runRooms(
  users: readonly User[],
  input: LoadCommands['rooms']['input'],
  marks: Marks,
): Promise<RoomsResult> {
  const load = new RoomLoad(users);
  const { perSecond } = input;
  let running = true;
  let pacing = Promise.resolve();
  if (perSecond === undefined) {
    const next = (index: number): void => {
      if (running) load.publish(index, { onArrived: () => next(index) });
    };
    for (const index of users.keys()) next(index);
  } else {
    const total = Math.floor(((input.warmUpMs + input.measureMs) / 1_000) * perSecond);
    const numbers = [...users.keys()];
    pacing = keepPace(
      perSecond,
      (number) => number < total,
      (number, dueAt) => load.publish(takeTurn(numbers, number) ?? 0, { dueAt }),
    );
  }
  await measured(load, input, marks);
  running = false;
  await pacing;
  const giveUpAt = performance.now() + DRAIN_MS;
  while (!load.isSettled && performance.now() < giveUpAt) await sleep(POLL_MS);
  return load.result();
}
