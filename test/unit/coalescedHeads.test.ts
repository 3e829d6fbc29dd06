import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { conversationId as toConversationId, userId as toUserId } from '../../contract/index.js';
import { CoalescedHeads, type HeadNotice } from '../../backend/src/socket/delivery/coalescedHeads.js';
import { WatchedConversations } from '../../backend/src/socket/delivery/watchedConversations.js';
import { createLogger } from '../../backend/src/utils/logger.js';

const conversationId = toConversationId.parse('0123456789abcdef01234567');

/** Processes that forward their notices to each other, with what each has sent to its users. */
function connect(count: number) {
  let lastSeq = 0;
  const sent = Array.from({ length: count }, (): number[] => []);
  const forwarded: HeadNotice[] = [];
  const processes: CoalescedHeads[] = sent.map(
    (heads, index) =>
      new CoalescedHeads({
        watchedConversations: new WatchedConversations(),
        connectedUsers: () => [toUserId.parse('bob')],
        findMembers: (id, members) =>
          Promise.resolve({
            ...{ members: [...members], removalSeq: 0 },
            head: { conversationId: id, lastSeq, rev: 0 },
          }),
        notify: (_, { head }) => heads.push(head.lastSeq),
        forward: (notice) => {
          forwarded.push(notice);
          for (const [other, one] of processes.entries()) if (other !== index) one.onStoredElsewhere(notice);
        },
        logger: createLogger({ level: 'silent', pretty: false }),
      }),
  );
  const store = (index: number): void => {
    lastSeq += 1;
    processes[index]?.onStoredHere({ conversationId, removalSeq: 0, seq: lastSeq });
  };
  return { sent, forwarded, store };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([1, 2, 3])(
  '%i processes send two heads of three quick messages, and are quiet then',
  async (count) => {
    const { sent, forwarded, store } = connect(count);
    for (let message = 0; message < 3; message += 1) {
      store(0);
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toEqual(sent.map(() => [1, 3]));
    expect(forwarded.map(({ seq }) => seq)).toEqual([1, 3]);
  },
);

test('a notice that waits is forwarded also when a later one of another process has arrived', async () => {
  const { sent, forwarded, store } = connect(3);
  for (const process of [0, 0, 1, 0]) store(process);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent.map((heads) => heads.at(-1))).toEqual([4, 4, 4]);
  expect(forwarded.map(({ seq }) => seq)).toEqual([1, 4, 4]);
});
