/**
 * Frames of a `text/event-stream` (HTML Living Standard, 9.2). Every value is one line: ids are made of URL-safe characters,
 * event names come from the contract, and JSON escapes line ends. Text of users can therefore not begin another field.
 */

interface StreamEvent {
  event: string;
  data: unknown;
  /** Position that the client resumes from after this event; undefined leaves its last one. */
  id?: string | undefined;
}

export const eventFrame = ({ event, data, id }: StreamEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** Sets the position that the client resumes from, without an event. */
export const positionFrame = (id: string): string => `id: ${id}\n\n`;

/** Time in ms after which the client reconnects when the stream ends. */
export const retryFrame = (afterMs: number): string => `retry: ${afterMs}\n\n`;

/** Ignored by clients. Keeps the connection open, and fills the buffers of proxies. */
export const commentFrame = (text = ''): string => `: ${text}\n\n`;
