import { z } from 'zod';
import type { ErrorCode } from './errors.js';
import { conversationId } from './primitives.js';

interface StreamRow<Params extends z.ZodType> {
  path: `/${string}`;
  params: Params;
  codes: readonly ErrorCode[];
  summary: string;
}

const stream = <P extends z.ZodType>(row: StreamRow<P>): StreamRow<P> => row;

/**
 * Query of every stream. Browsers' `EventSource` can neither set a header nor keep a position over a reload: `ticket` stands
 * for the token, `lastEventId` for `Last-Event-ID`.
 */
export const streamQuery = z.strictObject({
  ticket: z
    .string()
    .regex(/^[\w-]{43}$/, 'must be a ticket')
    .optional(),
  lastEventId: z.string().max(12_000).optional(),
});

/** Server-Sent Events: `GET` requests that are answered with `text/event-stream`. */
export const STREAMS = {
  streamEvents: stream({
    path: '/api/events',
    params: z.strictObject({}),
    codes: [],
    summary:
      'Everything that the caller hears, as on the socket: the name of the push as `event`, its data as `data`, and a position as `id`. With `Last-Event-ID`, first what was stored since.',
  }),
  streamConversation: stream({
    path: '/api/conversations/:conversationId/events',
    params: z.strictObject({ conversationId }),
    codes: ['NOT_PARTICIPANT'],
    summary:
      'The events of one conversation. For large groups and channels this includes their messages, which `/api/events` leaves out.',
  }),
} as const;

export type StreamName = keyof typeof STREAMS;
export const STREAM_NAMES = Object.keys(STREAMS) as StreamName[];
