import type { StormDevice } from './clients/stormDevice.js';
import type { Crowd } from './clients/crowd.js';
import { at } from './world.js';
import type { Stage } from './stage.js';

const DAY_MS = 86_400_000;
/** Time after which an impatient client changes the server, in ms. */
const IMPATIENT_MS = 4_000;
/**
 * Every n-th user has: a second device, a long-polling device, a clock that is a day off, no patience, is a stranger.
 */
const SECOND_DEVICE_EVERY = 4;
const POLLING_EVERY = 6;
const WRONG_CLOCK_EVERY = 10;
const IMPATIENT_EVERY = 5;
const STRANGERS_PER = 20;
const FRIENDS = 3;

/** Users and devices of a run. */
export interface Cast {
  users: string[];
  /** One or two devices per user. */
  devices: Map<string, StormDevice[]>;
  strangers: StormDevice[];
  crowd: Crowd;
}

export function makeCast(stage: Stage): Cast {
  const { clients, idle } = stage.options;
  const users = Array.from({ length: clients }, (_, index) => `u${String(index + 1).padStart(2, '0')}`);
  const devices = new Map(users.map((user, index) => [user, devicesOf(stage, user, index)]));
  const strangers = Array.from({ length: Math.max(2, Math.round(clients / STRANGERS_PER)) }, (_, index) =>
    stage.device(`stranger-${index + 1}`, 1),
  );
  return { users, devices, strangers, crowd: stage.crowd(idle) };
}

function devicesOf(stage: Stage, user: string, index: number): StormDevice[] {
  const isWrong = index % WRONG_CLOCK_EVERY === 1;
  const clockOffByMs = isWrong ? (index % (2 * WRONG_CLOCK_EVERY) === 1 ? DAY_MS : -DAY_MS) : 0;
  const isPolling = index % POLLING_EVERY === 2;
  const isImpatient = index % IMPATIENT_EVERY === 3;
  const first =
    isPolling || isImpatient
      ? stage.device(user, 1, {
          clockOffByMs,
          transport: isPolling ? 'polling' : 'websocket',
          ...(isImpatient && { patienceMs: IMPATIENT_MS }),
        })
      : stage.sdkDevice(user, 1, { clockOffByMs });
  return index % SECOND_DEVICE_EVERY === 0 ? [first, stage.sdkDevice(user, 2)] : [first];
}

/** Opens conversations between users; both sides do so at the same time, mostly through different servers. */
export async function introduce(stage: Stage, { users, devices }: Cast): Promise<void> {
  const circle = stage.random.stream('friends').shuffled(users);
  const pairs = circle.flatMap((user, index) =>
    Array.from(
      { length: FRIENDS },
      (_, step) => [user, circle[(index + step + 1) % circle.length] ?? user] as const,
    ),
  );
  await Promise.all(
    pairs.filter(([a, b]) => a !== b).map(([a, b]) => meet(stage, first(devices, a), first(devices, b))),
  );
}

/** Both users open their conversation at the same time. */
export async function meet(stage: Stage, a: StormDevice, b: StormDevice): Promise<void> {
  const [userA, userB] = [a.parts.user, b.parts.user];
  const [id] = await Promise.all([a.open(userB), b.open(userA)]);
  if (id !== undefined) stage.world.add(id, [userA, userB]);
}

/** Returns a device of a user, selected by a share from 0 to 1. */
export function first(devices: Cast['devices'], user: string, share = 0): StormDevice {
  const device = at(devices.get(user) ?? [], share);
  if (device === undefined) throw new Error(`${user} has no device`);
  return device;
}
