import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MuteEnds } from '../../packages/client/src/sync/muteEnds.js';
import { totalUnread } from '../../packages/client/src/state/unreadTotals.js';
import { BOB, messageView, received, settingsChange, storeOf } from './support/views.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const DAY_MS = 86_400_000;
const muted = (forMs: number) => settingsChange({ mutedUntil: new Date(Date.now() + forMs).toISOString() });

function start() {
  const store = storeOf();
  const ends = new MuteEnds(store);
  store.dispatch(received(messageView(1, BOB)));
  const listener = vi.fn();
  return { store, ends, listener, badge: () => totalUnread(store.getState()) };
}

it('the badge follows the end of a mute, though nothing else happens', async () => {
  const { store, listener, badge } = start();
  store.dispatch(muted(5_000));
  expect(badge()).toBe(0);
  store.subscribe(listener);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(badge()).toBe(0);
  expect(listener).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_100);
  expect(listener).toHaveBeenCalledOnce();
  expect(badge()).toBe(1);
});

it('a mute that is made longer, or is longer than a timer, ends when it should', async () => {
  const { store, badge } = start();
  store.dispatch(muted(5_000));
  store.dispatch(muted(60 * DAY_MS));
  await vi.advanceTimersByTimeAsync(59 * DAY_MS);
  expect(badge()).toBe(0);
  await vi.advanceTimersByTimeAsync(2 * DAY_MS);
  expect(badge()).toBe(1);
});

it('no timer is left when it is disposed of, or when no mute has an end', () => {
  const { store, ends } = start();
  store.dispatch(muted(5_000));
  expect(vi.getTimerCount()).toBe(1);
  store.dispatch(settingsChange({}));
  expect(vi.getTimerCount()).toBe(0);
  store.dispatch(muted(5_000));
  ends.dispose();
  expect(vi.getTimerCount()).toBe(0);
});
