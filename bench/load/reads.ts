import { performance } from 'node:perf_hooks';
import type { z } from 'zod';
import type { ConversationListAnswer, MessagePageAnswer, unreadAnswer } from '../../contract/index.js';
import type { LoadCommands, ReadResult } from './commands.js';
import { dataOf, forEachLimited, signToken, type User } from './fleet.js';
import { HttpClient } from './http.js';
import { Samples } from './samples.js';

type UnreadAnswer = z.infer<typeof unreadAnswer>;

class Reading {
  private readonly samples = new Samples();
  private readonly problems = new Set<string>();

  async time<T>(read: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const value = await read();
    this.samples.add(performance.now() - startedAt);
    return value;
  }

  expect(holds: boolean, problem: string): void {
    if (!holds) this.problems.add(problem);
  }

  result(): ReadResult {
    return { times: this.samples.quantiles(), problems: [...this.problems] };
  }
}

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
          limit: input.limit,
          ...(!place.newest && { before: place.lastSeq + 1 }),
        }),
      );
      const page = dataOf(answer) as MessagePageAnswer;
      const seqs = page.messages.map((message) => message.seq);
      const expected = Array.from(
        { length: input.limit },
        (_, index) => place.lastSeq - input.limit + 1 + index,
      );
      reading.expect(
        seqs.join() === expected.join(),
        `asked for ${expected[0] ?? 0}…${place.lastSeq}, got ${seqs.length} from ${seqs[0] ?? 0} to ${seqs.at(-1) ?? 0}`,
      );
    }
  }
  return Object.fromEntries([...readings].map(([place, reading]) => [place.name, reading.result()]));
}

/** Each of the others opens a conversation with the user and writes one message, over HTTP. */
export async function makeConversations(
  input: LoadCommands['makeConversations']['input'],
): Promise<{ wallMs: number }> {
  const { secret, port } = input.server;
  if (secret === undefined) throw new Error('The relay keeps no conversations.');
  const http = new HttpClient(port);
  const startedAt = performance.now();
  await forEachLimited(input.others, input.atOnce, async (other) => {
    const token = signToken(other, secret);
    const opened = await http.post('/api/chats/create-or-get', token, { otherUserId: input.userId });
    const { conversation } = dataOf(opened) as { conversation: { _id: string } };
    const sent = await http.post(`/api/conversations/${conversation._id}/messages`, token, {
      content: `Hello, is it still there? ${other}`,
      clientMessageId: `hello-${other}`,
    });
    dataOf(sent);
  });
  http.close();
  return { wallMs: performance.now() - startedAt };
}

/** The first page, the whole list by its cursors, and the last page again and again. */
export async function readList(user: User, input: LoadCommands['readList']['input']) {
  const [first, deep, unread, walked] = [new Reading(), new Reading(), new Reading(), new Reading()];
  const read = async (reading: Reading, cursor?: string): Promise<ConversationListAnswer> => {
    const request = { limit: input.limit, ...(cursor !== undefined && { cursor }) };
    const answer = await reading.time(() => user.client.request('getConversations', request));
    return dataOf(answer) as ConversationListAnswer;
  };

  const seen = new Set<string>();
  let lastCursor: string | undefined;
  let newest = Number.POSITIVE_INFINITY;
  for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages++) {
    const page = await read(walked, cursor);
    for (const conversation of page.conversations) {
      seen.add(conversation._id);
      const at = Date.parse(conversation.lastMessageAt);
      walked.expect(at <= newest, 'the list is not in the order of the newest message');
      newest = at;
    }
    if (page.nextCursor !== undefined && page.conversations.length === input.limit)
      lastCursor = page.nextCursor;
    cursor = page.nextCursor;
    if (pages > input.expected) throw new Error('The list has no end.');
  }
  walked.expect(seen.size === input.expected, `${seen.size} of ${input.expected} conversations listed`);

  const http = new HttpClient(input.server.port);
  const token = signToken(user.userId, input.server.secret ?? '');
  for (let round = 0; round < input.rounds; round++) {
    const page = await read(first);
    first.expect(page.conversations.length === input.limit, `first page of ${page.conversations.length}`);
    first.expect(
      page.totalUnread === input.expected,
      `total unread ${page.totalUnread} instead of ${input.expected}`,
    );
    await read(deep, lastCursor);
    const badge = await unread.time(() => http.get('/api/unread', token));
    const { totalUnread } = dataOf(badge) as UnreadAnswer;
    unread.expect(totalUnread === input.expected, `badge says ${totalUnread} instead of ${input.expected}`);
  }
  http.close();
  return { first: first.result(), deep: deep.result(), unread: unread.result(), walked: walked.result() };
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
