import { z } from 'zod';
import type { UserId } from '../../../../contract/index.js';

const room = z.string();
/** Not validated again: the id was validated with the token and comes from another process of this server. */
const user = z.custom<UserId>((value) => typeof value === 'string');
/** Number of a request, repeated in its answer; counted by the worker that sends it. */
const ask = z.int();

/** Frames from a worker to the router in the primary. */
export const toBroker = z.discriminatedUnion('t', [
  z.object({ t: z.literal('listen'), room }),
  z.object({ t: z.literal('unlisten'), room }),
  z.object({ t: z.literal('publish'), room, message: z.string() }),
  z.object({ t: z.literal('enter'), user, ask }),
  z.object({ t: z.literal('leave'), user, ask }),
  z.object({ t: z.literal('find'), users: z.array(user), ask }),
  /** Complete state of the worker, sent after frames were dropped. It replaces what the router knows. */
  z.object({ t: z.literal('state'), rooms: z.array(room), users: z.array(user) }),
  /** Publications of this worker were dropped. */
  z.object({ t: z.literal('lost') }),
]);
export type ToBroker = z.output<typeof toBroker>;

/** Frames from the router to a worker. */
export const toWorker = z.discriminatedUnion('t', [
  z.object({ t: z.literal('message'), room, message: z.string() }),
  /** Answer to `enter` and `leave`: true when no other worker has a socket of this user. */
  z.object({ t: z.literal('alone'), ask, alone: z.boolean() }),
  z.object({ t: z.literal('online'), ask, users: z.array(user) }),
  /** Publications of other workers may have been lost. */
  z.object({ t: z.literal('gap') }),
  /** Presence may have changed unnoticed: a worker died, or replaced its state. */
  z.object({ t: z.literal('doubt') }),
]);
export type ToWorker = z.output<typeof toWorker>;

/** Estimated memory of a frame in bytes, for the bounds of an outbox. */
export function estimateBytes(frame: ToBroker | ToWorker): number {
  const FRAME_BYTES = 64;
  if ('message' in frame) return FRAME_BYTES + 2 * (frame.room.length + frame.message.length);
  if ('room' in frame) return FRAME_BYTES + 2 * frame.room.length;
  if ('users' in frame) return FRAME_BYTES * (1 + frame.users.length);
  return FRAME_BYTES;
}
