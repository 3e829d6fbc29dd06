import { z } from 'zod';
import type { UserId } from '../../../../contract/index.js';

const room = z.string();
/** Checked when the token was: here it only comes back from another process of ours. */
const user = z.custom<UserId>((value) => typeof value === 'string');
/** Which question an answer belongs to; counted by the asking peer. */
const ask = z.int();

/** What a peer (a worker) tells the router (in the primary). */
export const toRouter = z.discriminatedUnion('t', [
  z.object({ t: z.literal('listen'), room }),
  z.object({ t: z.literal('unlisten'), room }),
  z.object({ t: z.literal('publish'), room, message: z.string() }),
  z.object({ t: z.literal('enter'), user, ask }),
  z.object({ t: z.literal('leave'), user, ask }),
  z.object({ t: z.literal('find'), users: z.array(user), ask }),
  /** All that this peer listens to and has, in place of what the router knows: after frames were dropped. */
  z.object({ t: z.literal('state'), rooms: z.array(room), users: z.array(user) }),
  /** Publications of this peer were dropped on the way. */
  z.object({ t: z.literal('lost') }),
]);
export type ToRouter = z.output<typeof toRouter>;

/** What the router tells a peer. */
export const toPeer = z.discriminatedUnion('t', [
  z.object({ t: z.literal('message'), room, message: z.string() }),
  /** The answer to `enter` and `leave`: whether no other peer has this user. */
  z.object({ t: z.literal('alone'), ask, alone: z.boolean() }),
  z.object({ t: z.literal('online'), ask, users: z.array(user) }),
  z.object({ t: z.literal('gap') }),
  z.object({ t: z.literal('doubt') }),
]);
export type ToPeer = z.output<typeof toPeer>;

/** Roughly what a frame holds in memory, in bytes: for bounds, not for accounts. */
export function weigh(frame: ToRouter | ToPeer): number {
  const FRAME_BYTES = 64;
  if ('message' in frame) return FRAME_BYTES + 2 * (frame.room.length + frame.message.length);
  if ('room' in frame) return FRAME_BYTES + 2 * frame.room.length;
  if ('users' in frame) return FRAME_BYTES * (1 + frame.users.length);
  return FRAME_BYTES;
}
