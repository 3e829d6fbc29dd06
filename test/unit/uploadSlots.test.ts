import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { userId } from '../../contract/index.js';
import { UploadSlots } from '../../backend/src/http/routes/uploadSlots.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function request() {
  const made = { socket: { bytesRead: 500 }, complete: false, destroy: vi.fn() };
  return Object.assign(made, { incoming: made as unknown as IncomingMessage });
}
const [alice, bob] = [userId.parse('alice'), userId.parse('bob')];
const MINUTE_MS = 60_000;

test('an upload that receives less than 1 kB a second for a minute is ended', () => {
  const slots = new UploadSlots();
  const [steady, slow] = [request(), request()];
  slots.take(alice, steady.incoming);
  slots.take(alice, slow.incoming);
  for (let minute = 0; minute < 3; minute += 1) {
    steady.socket.bytesRead += 60_000;
    if (minute < 2) slow.socket.bytesRead += 60_000;
    expect(slow.destroy).not.toHaveBeenCalled();
    vi.advanceTimersByTime(MINUTE_MS);
  }
  expect(slow.destroy).toHaveBeenCalledOnce();
  expect(steady.destroy).not.toHaveBeenCalled();
});

test('an upload whose bytes have all arrived is not slow, however long they take to be stored', () => {
  const upload = request();
  new UploadSlots().take(alice, upload.incoming);
  upload.complete = true;
  vi.advanceTimersByTime(5 * MINUTE_MS);
  expect(upload.destroy).not.toHaveBeenCalled();
});

test('a released slot is free, and nothing ends its request later', () => {
  const slots = new UploadSlots();
  const first = request();
  const { release } = slots.take(alice, first.incoming);
  release();
  release();
  for (let count = 0; count < 32; count += 1) slots.take(alice, request().incoming);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(first.destroy).not.toHaveBeenCalled();
});

test('a user has 32 slots: one request more ends the oldest; all users together have 256', () => {
  const slots = new UploadSlots();
  const [oldest, next] = [request(), request()];
  slots.take(bob, oldest.incoming);
  slots.take(bob, next.incoming);
  for (let count = 0; count < 31; count += 1) slots.take(bob, request().incoming);
  expect(oldest.destroy).toHaveBeenCalledOnce();
  expect(next.destroy).not.toHaveBeenCalled();
  for (let count = 32; count < 256; count += 1) {
    slots.take(userId.parse(`user-${count % 10}`), request().incoming);
  }
  expect(() => slots.take(alice, request().incoming)).toThrow('Too many files');
  // In the place of an own one.
  slots.take(bob, request().incoming);
  expect(next.destroy).toHaveBeenCalledOnce();
});
