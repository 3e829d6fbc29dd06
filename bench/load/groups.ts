import { performance } from 'node:perf_hooks';
import type { ConversationView, PositionView } from '../../contract/index.js';
import type { HotGroupResult, LoadCommands, ReadResult } from './commands.js';
import { dataOf, forEachLimited, type User } from './fleet.js';
import { measured, type Marks } from './loops.js';
import { Reading } from './reading.js';
import { Samples } from './samples.js';

/** Number of users per `addMembers` command. */
const ADDED_AT_ONCE = 100;
const FIRST_MEMBERS = 999;
/** Time to wait for outstanding deliveries, in ms. Later ones count as lost. */
const DRAIN_MS = 5_000;
const POLL_MS = 20;

/** Creates a group or channel with these members, owned by the first user. */
export async function makeGroup(owner: User, input: LoadCommands['makeGroup']['input']) {
  const { type, members } = input;
  const startedAt = performance.now();
  const request = { type, name: 'Bench', participants: members.slice(0, FIRST_MEMBERS) };
  const made = dataOf(await owner.client.request('createGroup', request)) as {
    conversation: ConversationView;
  };
  const conversationId = made.conversation._id;
  let { memberCount } = made.conversation;
  for (let from = FIRST_MEMBERS; from < members.length; from += ADDED_AT_ONCE) {
    const userIds = members.slice(from, from + ADDED_AT_ONCE);
    const added = dataOf(await owner.client.request('addMembers', { conversationId, userIds }));
    memberCount = (added as { conversation: ConversationView }).conversation.memberCount;
  }
  return { conversationId, memberCount, wallMs: performance.now() - startedAt };
}

const toSend = (conversationId: string) => ({
  conversationId,
  content: 'Something that all members may want to read, and some more words.',
  clientMessageId: crypto.randomUUID(),
});

/** Sends to several conversations in turn, one message at a time, so that all are measured under equal conditions. */
export async function post(
  owner: User,
  { conversationIds, rounds }: LoadCommands['post']['input'],
): Promise<Record<string, ReadResult>> {
  const readings = new Map(conversationIds.map((id) => [id, new Reading()]));
  for (let round = 0; round < rounds; round++) {
    for (const [conversationId, reading] of readings) {
      dataOf(await reading.time(() => owner.client.request('sendMessage', toSend(conversationId))));
    }
  }
  return Object.fromEntries([...readings].map(([id, reading]) => [id, reading.result()]));
}

/** The owner sends a message and all others read it at the same time; the next one after all answers. */
export async function readTogether(
  users: readonly User[],
  { conversationId, rounds }: LoadCommands['readTogether']['input'],
): Promise<{ all: ReadResult; first: ReadResult }> {
  const [owner, ...readers] = users;
  if (owner === undefined) throw new Error('No user is connected.');
  const [all, first] = [new Reading(), new Reading()];
  for (let round = 0; round < rounds; round++) {
    const sent = dataOf(await owner.client.request('sendMessage', toSend(conversationId)));
    const { seq } = sent as { seq: number };
    const readAll = () =>
      readers.map(({ client }) => client.request('message:read', { conversationId, seq }));
    let answers: Awaited<ReturnType<typeof readAll>[number]>[] = [];
    await all.time(async () => {
      const waiting = readAll();
      await first.time(() => Promise.race(waiting));
      answers = await Promise.all(waiting);
    });
    for (const answer of answers) {
      all.expect((dataOf(answer) as PositionView).readSeq === seq, `not read up to ${seq}`);
    }
    const receipts = dataOf(await owner.client.request('getReceipts', { conversationId, seq }));
    const { readCount } = receipts as { readCount: number };
    all.expect(readCount === readers.length, `seen by ${readCount} instead of ${readers.length}`);
  }
  return { all: all.result(), first: first.result() };
}

/** Reads each of the user's chats to its end, one at a time. Each read is a new position to be written. */
export async function readEach(user: User, rounds: number): Promise<ReadResult> {
  const reading = new Reading();
  const ends: { conversationId: string; seq: number }[] = [];
  for (let cursor: string | undefined; ends.length < rounds;) {
    const request = { limit: 100, ...(cursor !== undefined && { cursor }) };
    const page = dataOf(await user.client.request('getConversations', request)) as {
      conversations: ConversationView[];
      nextCursor?: string;
    };
    for (const { _id, lastSeq } of page.conversations) ends.push({ conversationId: _id, seq: lastSeq });
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  for (const end of ends.slice(0, rounds)) {
    const answer = await reading.time(() => user.client.request('message:read', end));
    const { readSeq, unreadCount } = dataOf(answer) as PositionView;
    reading.expect(readSeq === end.seq && unreadCount === 0, `read up to ${end.seq}, answered ${readSeq}`);
  }
  return reading.result();
}

/** Measures one busy conversation: times to the acknowledgement and to users who have it open. */
class HotGroup {
  readonly acknowledge = new Samples();
  readonly deliver = new Samples();
  counted = 0;
  sent = 0;
  received = 0;
  refused = 0;
  readonly #sentAt = new Map<string, number>();
  #window = { from: Infinity, to: Infinity };

  measure(from: number, to: number): void {
    this.#window = { from, to };
  }

  onReceived(clientMessageId: string): void {
    const sentAt = this.#sentAt.get(clientMessageId);
    if (sentAt === undefined) return;
    this.received++;
    if (this.#counts(sentAt)) this.deliver.add(performance.now() - sentAt);
  }

  async send(user: User, conversationId: string): Promise<void> {
    const message = toSend(conversationId);
    const sentAt = performance.now();
    this.#sentAt.set(message.clientMessageId, sentAt);
    const answer = await user.client.request('sendMessage', message);
    if (!answer.success) {
      this.refused++;
      return;
    }
    this.sent++;
    if (!this.#counts(sentAt)) return;
    this.counted++;
    this.acknowledge.add(performance.now() - sentAt);
  }

  #counts(at: number): boolean {
    return at >= this.#window.from && at < this.#window.to;
  }
}

/** All users open the group; some send, the next message after the acknowledgement of the last. */
export async function runHotGroup(
  users: readonly User[],
  input: LoadCommands['hotGroup']['input'],
  marks: Marks,
): Promise<HotGroupResult> {
  const { conversationId, senders, measureMs } = input;
  const load = new HotGroup();
  await forEachLimited(users, 50, async ({ client }) => {
    dataOf(await client.request('watchConversation', { conversationId, watching: true }));
    client.onEvent = (event, payload) => {
      if (event !== 'message:new') return;
      const { data } = payload as { data: { clientMessageId?: string } };
      if (data.clientMessageId !== undefined) load.onReceived(data.clientMessageId);
    };
  });
  let running = true;
  const keepSending = async (user: User): Promise<void> => {
    while (running) await load.send(user, conversationId);
  };
  const sending = Promise.all(users.slice(0, senders).map(keepSending));
  await measured(load, input, marks);
  running = false;
  await sending;
  const expected = load.sent * (users.length - 1);
  const giveUpAt = performance.now() + DRAIN_MS;
  while (load.received < expected && performance.now() < giveUpAt)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  return {
    perSecond: load.counted / (measureMs / 1_000),
    toAcknowledge: load.acknowledge.quantiles(),
    toDeliver: load.deliver.quantiles(),
    sent: load.sent,
    refused: load.refused,
    missing: expected - load.received,
  };
}
