import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadCommands, TrafficResult } from './commands.js';
import type { User } from './fleet.js';
import { Traffic } from './traffic.js';

/** After a refusal a user waits before the next message, so that refusals do not become the load. */
const PAUSE_AFTER_REFUSAL_MS = 50;
const FILL_TIMEOUT_MS = 300_000;

export interface Marks {
  begin: () => void;
  end: () => void;
}

/** Keeps `inFlight` messages of every user on the way while `running` says so. */
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

/** Waits for the end of a load's measured time; what counts, counts from now plus the warm-up. */
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

/** Every user sends the next message when one is acknowledged: as much as the server can take. */
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

/** Calls `send` so many times a second, with the moment at which it was due, until `running` says no. */
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
    // Half a timer's tick early is nearer to the plan than one tick late.
    while (running(number) && startedAt + number * intervalMs <= now + 0.5) {
      send(number, startedAt + number * intervalMs);
      number++;
    }
    await sleep(Math.max(1, Math.floor(startedAt + number * intervalMs - performance.now())));
  }
}

/** A step prime to the number of users, so that all of them take part and pairs do not take turns. */
export const takeTurn = <T>(users: readonly T[], number: number): T | undefined =>
  users[(number * 7) % users.length];

/** Sends at a steady pace, whatever the server does: times count from when a message was due. */
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

/** Sends until so many messages are acknowledged. */
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
