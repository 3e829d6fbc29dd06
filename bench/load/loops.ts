import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadCommands, TrafficResult } from './commands.js';
import type { User } from './fleet.js';
import { Traffic } from './traffic.js';

/** Pause of a user after a refusal, so that refusals do not become the load. */
const PAUSE_AFTER_REFUSAL_MS = 50;
const FILL_TIMEOUT_MS = 300_000;

export interface Marks {
  begin: () => void;
  end: () => void;
}

/** Keeps `inFlight` messages of every user in flight while `running` returns true. */
function keepSending(
  traffic: Traffic,
  users: readonly User[],
  options: { inFlight: number; running: () => boolean },
): void {
  const sendNext = (user: User): void => {
    if (!options.running()) return;
    traffic.send(user, (success) => {
      if (success) sendNext(user);
      else setTimeout(() => sendNext(user), PAUSE_AFTER_REFUSAL_MS);
    });
  };
  for (const user of users) {
    for (let flight = 0; flight < options.inFlight; flight++) sendNext(user);
  }
}

/** Runs the warm-up and the measured time of a load, and sends the marks for CPU counting. */
export async function measured(
  load: { measure: (from: number, to: number) => void },
  input: { warmUpMs: number; measureMs: number },
  marks: Marks,
): Promise<void> {
  const from = performance.now() + input.warmUpMs;
  load.measure(from, from + input.measureMs);
  await sleep(input.warmUpMs);
  marks.begin();
  await sleep(input.measureMs);
  marks.end();
}

/** Every user sends the next message after the acknowledgement of the last: measures the maximum throughput. */
export async function runClosedLoop(
  users: readonly User[],
  input: LoadCommands['closedLoop']['input'],
  marks: Marks,
): Promise<TrafficResult> {
  const traffic = new Traffic(users);
  let running = true;
  keepSending(traffic, users, { inFlight: input.inFlight, running: () => running });
  await measured(traffic, input, marks);
  running = false;
  return traffic.finish();
}

/** Calls `send` at a fixed rate, with the time at which it was due, until `running` returns false. */
export async function keepPace(
  perSecond: number,
  running: (number: number) => boolean,
  send: (number: number, dueAt: number) => void,
): Promise<void> {
  const intervalMs = 1_000 / perSecond;
  const startedAt = performance.now();
  let number = 0;
  while (running(number)) {
    const now = performance.now();
    // Sending half a timer tick early is closer to the plan than one tick late.
    while (running(number) && startedAt + number * intervalMs <= now + 0.5) {
      send(number, startedAt + number * intervalMs);
      number++;
    }
    await sleep(Math.max(1, Math.floor(startedAt + number * intervalMs - performance.now())));
  }
}

/** Picks users with a step that is coprime to their number: all take part, and the two of a pair do not alternate. */
export const takeTurn = <T>(users: readonly T[], number: number): T | undefined =>
  users[(number * 7) % users.length];

/** Sends at a fixed rate, independent of the answers. Times count from when a message was due. */
export async function runOpenLoop(
  users: readonly User[],
  input: LoadCommands['openLoop']['input'],
  marks: Marks,
): Promise<TrafficResult> {
  const traffic = new Traffic(users);
  const total = Math.floor(((input.warmUpMs + input.measureMs) / 1_000) * input.perSecond);
  const pacing = keepPace(
    input.perSecond,
    (number) => number < total,
    (number, dueAt) => {
      const user = takeTurn(users, number);
      if (user !== undefined) traffic.send(user, () => undefined, dueAt);
    },
  );
  await measured(traffic, input, marks);
  await pacing;
  return traffic.finish();
}

/** Sends until this many messages are acknowledged. */
export async function runFill(
  users: readonly User[],
  input: LoadCommands['fill']['input'],
): Promise<TrafficResult> {
  const traffic = new Traffic(users);
  const giveUpAt = performance.now() + FILL_TIMEOUT_MS;
  keepSending(traffic, users, {
    inFlight: input.inFlight,
    running: () => traffic.claimedCount < input.messages && performance.now() < giveUpAt,
  });
  while (traffic.acknowledgedCount < input.messages && performance.now() < giveUpAt) await sleep(20);
  return traffic.finish();
}
