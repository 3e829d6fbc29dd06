import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limitBody } from '../../backend/src/utils/limitBody.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const request = (headers: Record<string, string>, complete = false) => {
  const destroy = vi.fn();
  const incoming = Object.assign(new EventEmitter(), { headers, complete, destroy });
  limitBody(incoming as unknown as IncomingMessage);
  return { incoming, destroy };
};

test.each<Record<string, string>>([{ 'content-length': '9' }, { 'transfer-encoding': 'chunked' }])(
  'a body that takes more than 30 s ends its request (%o)',
  (headers) => {
    const { destroy } = request(headers);
    vi.advanceTimersByTime(29_000);
    expect(destroy).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2_000);
    expect(destroy).toHaveBeenCalledOnce();
  },
);

test('a request whose body has arrived, that is over, or that has none, is left alone', () => {
  const complete = request({ 'content-length': '9' }, true);
  const closed = request({ 'content-length': '9' });
  closed.incoming.emit('close');
  const empty = request({});
  vi.advanceTimersByTime(60_000);
  for (const { destroy } of [complete, closed, empty]) expect(destroy).not.toHaveBeenCalled();
});
