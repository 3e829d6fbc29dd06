import { performance } from 'node:perf_hooks';
import type { MessagePageAnswer, PositionView } from '../../contract/index.js';
import type { LoadCommands, ReadResult } from './commands.js';
import { dataOf, type User } from './fleet.js';
import { Reading } from './reading.js';

/** Reads pages of history that end at given places, in turn, so that all meet the same conditions. */
export async function readHistory(
  user: User,
  input: LoadCommands['readHistory']['input'],
): Promise<Record<string, ReadResult>> {
  const readings = new Map(input.places.map((place) => [place, new Reading()]));
  for (let round = 0; round < input.rounds; round++) {
    for (const [place, reading] of readings) {
      const answer = await reading.time(() =>
        user.client.request('getMessages', {
          conversationId: user.conversationId,
          limit: place.limit,
          ...(!place.newest && { before: place.lastSeq + 1 }),
        }),
      );
      const page = dataOf(answer) as MessagePageAnswer;
      const seqs = page.messages.map((message) => message.seq);
      const expected = Array.from(
        { length: place.limit },
        (_, index) => place.lastSeq - place.limit + 1 + index,
      );
      reading.expect(
        seqs.join() === expected.join(),
        `asked for ${expected[0] ?? 0}…${place.lastSeq}, got ${seqs.length} from ${seqs[0] ?? 0} to ${seqs.at(-1) ?? 0}`,
      );
    }
  }
  return Object.fromEntries([...readings].map(([place, reading]) => [place.name, reading.result()]));
}

/** Reads up to one place after the other, one request at a time. */
export async function markRead(user: User, seqs: readonly number[]): Promise<ReadResult> {
  const reading = new Reading();
  for (const seq of seqs) {
    const answer = await reading.time(() =>
      user.client.request('message:read', { conversationId: user.conversationId, seq }),
    );
    // Having written later messages oneself counts as having read up to there.
    const { readSeq } = dataOf(answer) as PositionView;
    reading.expect(readSeq >= seq, `read up to ${seq}, answered ${readSeq}`);
  }
  return reading.result();
}

/** Every user of the group opens the conversation of the pair at once. */
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
