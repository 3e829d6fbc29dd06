import { performance } from 'node:perf_hooks';
import type { MessagePageAnswer, PositionView } from '../../contract/index.js';
import type { LoadCommands, ReadResult } from './commands.js';
import { dataOf, type User } from './fleet.js';
import { Reading } from './reading.js';

/** Reads pages that end at given positions, in turn, so that all are measured under equal conditions. */
export async function readHistory(
  user: User,
  input: LoadCommands['readHistory']['input'],
): Promise<Record<string, ReadResult>> {
  const readings = new Map(input.pages.map((page) => [page, new Reading()]));
  for (let round = 0; round < input.rounds; round++) {
    for (const [wanted, reading] of readings) {
      const answer = await reading.time(() =>
        user.client.request('getMessages', {
          conversationId: user.conversationId,
          limit: wanted.limit,
          ...(!wanted.newest && { before: wanted.lastSeq + 1 }),
        }),
      );
      const page = dataOf(answer) as MessagePageAnswer;
      const seqs = page.messages.map((message) => message.seq);
      const expected = Array.from(
        { length: wanted.limit },
        (_, index) => wanted.lastSeq - wanted.limit + 1 + index,
      );
      reading.expect(
        seqs.join() === expected.join(),
        `requested ${expected[0] ?? 0}…${wanted.lastSeq}, got ${seqs.length} from ${seqs[0] ?? 0} to ${seqs.at(-1) ?? 0}`,
      );
    }
  }
  return Object.fromEntries([...readings].map(([{ name }, reading]) => [name, reading.result()]));
}

/** Marks the conversation as read up to each `seq`, one request at a time. */
export async function markRead(user: User, seqs: readonly number[]): Promise<ReadResult> {
  const reading = new Reading();
  for (const seq of seqs) {
    const answer = await reading.time(() =>
      user.client.request('message:read', { conversationId: user.conversationId, seq }),
    );
    // Sending a message moves the own read position, so the answer may be higher.
    const { readSeq } = dataOf(answer) as PositionView;
    reading.expect(readSeq >= seq, `read up to ${seq}, answered ${readSeq}`);
  }
  return reading.result();
}

/** Every user of the group opens the conversation of the pair at the same time. */
export async function race(users: readonly User[], pair: [string, string]) {
  const startedAt = performance.now();
  const answers = await Promise.all(
    users.map((user) =>
      user.client.request('getOrCreateDirect', { otherUserId: user.userId === pair[0] ? pair[1] : pair[0] }),
    ),
  );
  const wallMs = performance.now() - startedAt;
  const opened = answers.flatMap((answer) =>
    answer.success ? [answer.data as { conversation: { _id: string }; created: boolean }] : [],
  );
  return {
    wallMs,
    answered: opened.length,
    ids: [...new Set(opened.map(({ conversation }) => conversation._id))],
    created: opened.filter(({ created }) => created).length,
  };
}
