import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { sendAs } from '../contract/support/chat.js';
import { rawCollection } from '../contract/support/database.js';
import { caughtUp } from '../contract/support/refusal.js';
import { createScene, everyone, storedMessages } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { messageOf } from '../support/messages.js';
import { until } from '../support/until.js';

const server = sharedServer();

describe('a message', () => {
  test('reaches the other user and the sender’s other device; the sending socket gets the answer', async () => {
    const all = await createScene(server());
    const { alice, tablet, bob, conversationId } = all;
    const sent = await alice.ok('sendMessage', {
      conversationId,
      content: '  hello  ',
      clientMessageId: 'm-1',
    });
    expect(sent).toMatchObject({
      conversationId,
      seq: 1,
      content: 'hello',
      senderId: alice.userId,
      clientMessageId: 'm-1',
      kind: 'text',
      attachments: [],
      reactions: [],
      status: 'sent',
      duplicate: false,
    });
    const { duplicate: _, ...message } = sent;
    expect(await bob.next('message:new')).toEqual(message);
    expect(await tablet.next('message:new')).toEqual(message);
    await caughtUp(everyone(all));
    expect(alice.heard).toEqual([]);
    expect(bob.heard).toHaveLength(1);
  });

  test('is in the database before it is pushed or answered (promise 2)', async () => {
    const { alice, bob, conversationId } = await createScene(server());
    const messages = rawCollection(server(), 'messages');
    const findings: Promise<unknown>[] = [];
    const look = (clientMessageId: string): void =>
      void findings.push(messages.findOne({ clientMessageId }, { projection: { seq: 1 } }));
    bob.socket.on('message:new', (answer) => look(messageOf(answer.data).clientMessageId));
    for (let index = 0; index < 30; index += 1) {
      const clientMessageId = `early-${conversationId}-${index}`;
      await alice.ok('sendMessage', { conversationId, content: 'x', clientMessageId });
      look(clientMessageId);
    }
    await until(() => findings.length === 60);
    expect(await Promise.all(findings)).not.toContain(null);
  });

  test.each([
    ['right-to-left overrides', '\u202Ereversed\u202C שלום'],
    ['combining marks', `Z${'\u0301\u0336\u0489'.repeat(500)}`],
    ['emoji of many parts', '👩‍👩‍👧‍👦🏴‍☠️🇫🇷👍🏽'],
    ['what looks like an operator', '{"$gt":""}'],
    ['markup', '<script>alert(1)</script> & "quotes"'],
    ['lines', 'one\n\ttwo\r\nthree'],
    ['control characters', 'a\u0001\u001F\u007Fb'],
    ['noncharacters', 'a\uFFFE\uFFFFb'],
    ['8,000 characters', 'ä'.repeat(LIMITS.maxTextChars)],
    ['8,000 characters, most of them marks', `a${'\u0301'.repeat(LIMITS.maxTextChars - 1)}`],
    ['8,000 emoji', '😀'.repeat(LIMITS.maxTextChars)],
  ])('of %s arrives as it was written', async (_what, content) => {
    const all = await createScene(server());
    expect(await all.alice.send(all.conversationId, content)).toMatchObject({
      success: true,
      data: { content },
    });
    expect((await all.bob.next('message:new')).content).toBe(content);
    expect((await storedMessages(all)).map((message) => message.content)).toEqual([content]);
  });

  test('replies to another one by its seq', async () => {
    const all = await createScene(server());
    const { alice, bob, conversationId } = all;
    await alice.ok('sendMessage', { conversationId, content: 'question', clientMessageId: 'q' });
    const answer = { conversationId, content: 'answer', clientMessageId: 'a', replyTo: 1 };
    expect(await bob.ok('sendMessage', answer)).toMatchObject({ seq: 2, replyTo: 1 });
    expect(await alice.next('message:new')).toMatchObject({ seq: 2, replyTo: 1 });
    expect(await storedMessages(all)).toMatchObject([{ seq: 1 }, { seq: 2, replyTo: 1 }]);
    expect((await storedMessages(all))[0]).not.toHaveProperty('replyTo');
  });

  test('may reply to an earlier one of the same sender that is still being stored', async () => {
    const { alice, conversationId } = await createScene(server());
    const [first, second] = await Promise.all([
      alice.call('sendMessage', { conversationId, content: 'one', clientMessageId: '1' }),
      alice.call('sendMessage', { conversationId, content: 'two', clientMessageId: '2', replyTo: 1 }),
    ]);
    expect([first, second]).toMatchObject([{ data: { seq: 1 } }, { data: { seq: 2, replyTo: 1 } }]);
  });
});

describe('order', () => {
  test('500 concurrent sends from both sides get seq 1 to 500, in one order for everyone (promise 3)', async () => {
    const all = await createScene(server());
    const { alice, tablet, bob, conversationId } = all;
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) =>
        (index % 2 ? alice : bob).send(conversationId, `text ${index}`),
      ),
    );
    const seqs = answers.map((answer) => (answer.success ? answer.data.seq : 0)).sort((a, b) => a - b);
    const expected = Array.from({ length: 500 }, (_, index) => index + 1);
    expect(seqs).toEqual(expected);
    // A device that receives everything gets it in that order, without a gap.
    await tablet.next('message:new', ({ seq }) => seq === 500);
    await caughtUp(everyone(all));
    const heard = tablet.pushes('message:new').map(({ seq }) => seq);
    const own = answers.flatMap((answer) =>
      answer.success && answer.data.senderId === alice.userId ? [answer.data.seq] : [],
    );
    expect(heard).toEqual(expected);
    expect(alice.pushes('message:new').map(({ seq }) => seq)).toEqual(
      expected.filter((seq) => !own.includes(seq)),
    );
    const page = await bob.ok('getMessages', { conversationId, limit: 200, before: 501 });
    expect(page.messages.map(({ seq }) => seq)).toEqual(expected.slice(300));
  });

  test.each([1, 5, 60])(
    '%i sends of one socket to a conversation that is not cached keep their order',
    async (count) => {
      const all = await createScene(server());
      const { alice, conversationId } = all;
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) => alice.send(conversationId, `text ${index + 1}`)),
      );
      expect(answers.map((answer) => answer.success && answer.data.seq)).toEqual(
        Array.from({ length: count }, (_, index) => index + 1),
      );
      expect((await storedMessages(all)).map(({ content }) => content)).toEqual(
        Array.from({ length: count }, (_, index) => `text ${index + 1}`),
      );
    },
  );

  test('sends of one socket keep their order in many conversations at once', async () => {
    const [alice, ...others] = people('alice', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l');
    const client = await server().connectAs(alice);
    const ids = await Promise.all(others.map((other) => client.open(other)));
    const answers = await Promise.all(
      Array.from({ length: 20 * ids.length }, (_, index) =>
        client.send(ids[index % ids.length] ?? '', `${index}`),
      ),
    );
    expect(answers.every(({ success }) => success)).toBe(true);
    for (const conversationId of ids) {
      const { messages } = await client.ok('getMessages', { conversationId });
      const texts = messages.map(({ content }) => Number(content));
      expect(texts).toHaveLength(20);
      expect(texts).toEqual(texts.toSorted((a, b) => a - b));
    }
  });
});

test('a message sent without a socket reaches every device of its sender', async () => {
  const { alice, tablet, conversationId } = await createScene(server());
  await sendAs(server(), { conversationId, sender: alice.userId as never });
  await Promise.all([alice.next('message:new'), tablet.next('message:new')]);
});
