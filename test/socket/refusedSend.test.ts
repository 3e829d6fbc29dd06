import { describe, expect, test } from 'vitest';
import { COMMANDS, LIMITS } from '../../contract/index.js';

import { expectRefused } from '../contract/support/refusal.js';
import { createScene, everyone, storedMessages } from '../contract/support/scene.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';

const server = sharedServer();

describe('a refused send: no one is notified, and nothing is stored', () => {
  const valid = { content: 'hello', clientMessageId: 'm-1' };
  test.each([
    ['without text', { content: undefined }],
    ['with an empty text', { content: '' }],
    ['with blanks only', { content: ' \n\t\u00A0\u2003 ' }],
    ['with a text that is none', { content: { $gt: '' } }],
    ['with NUL', { content: 'a\u0000b' }],
    ['with a lone high surrogate', { content: 'a\ud83d' }],
    ['with a lone low surrogate', { content: '\ude00a' }],
    ['with swapped surrogates', { content: '\ude00\ud83d' }],
    ['as an answer to nothing', { replyTo: 1 }],
    ['as an answer to what will never be', { replyTo: 9_999_999 }],
    ['as an answer to place 0', { replyTo: 0 }],
    ['as an answer to half a place', { replyTo: 1.5 }],
    ['with no attachment in its attachments', { attachments: [] }],
    ['with a sender of its own', { senderId: 'bob' }],
    ['with a seq of its own', { seq: 7 }],
    ['with an id of its own', { _id: '0123456789abcdef01234567' }],
  ])('%s: VALIDATION, with its clientMessageId', async (_what, wrong) => {
    const all = await createScene(server());
    const payload = { conversationId: all.conversationId, ...valid, ...wrong };
    const answer = await expectRefused(() => all.alice.call('sendMessage', payload), {
      code: 'VALIDATION',
      server: server(),
      listeners: everyone(all),
    });
    const [field = ''] = Object.keys(wrong);
    // An unknown key is an error of the payload as a whole.
    const path = field in COMMANDS.sendMessage.payload.shape ? field : '';
    expect(answer).toMatchObject({ clientMessageId: 'm-1', details: [{ path }] });
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['too long', 'x'.repeat(65)],
    ['with a colon, as ids of the server have it', 'sys:1'],
    ['with a blank', 'a b'],
    ['with a line feed at its end', 'abc\n'],
    ['with an emoji', '😀'],
    ['an operator', { $ne: null }],
    ['a number', 7],
  ])('with a clientMessageId that is %s', async (_what, clientMessageId) => {
    const all = await createScene(server());
    const payload = { conversationId: all.conversationId, content: 'x', clientMessageId };
    const answer = await expectRefused(() => all.alice.call('sendMessage', payload), {
      code: 'VALIDATION',
      server: server(),
      listeners: everyone(all),
    });
    expect(answer).not.toHaveProperty('clientMessageId');
  });

  test.each([
    ['of 8,001 characters', 'x'.repeat(LIMITS.maxTextChars + 1)],
    ['of 8,001 emoji', '😀'.repeat(LIMITS.maxTextChars + 1)],
    ['of 100,000 characters, in a frame below the limit', 'x'.repeat(100_000)],
  ])('when its text is %s: TOO_LARGE, with its clientMessageId', async (_what, content) => {
    const all = await createScene(server());
    const answer = await expectRefused(() => all.alice.send(all.conversationId, content, 'big'), {
      code: 'TOO_LARGE',
      server: server(),
      listeners: everyone(all),
    });
    expect(answer).toMatchObject({ clientMessageId: 'big' });
    expect(JSON.stringify(answer).length).toBeLessThan(1_000);
  });

  test('in a frame above 128 KB: the connection ends, and the server continues', async () => {
    const all = await createScene(server());
    const reason = new Promise<string>((resolve) => all.alice.socket.once('disconnect', resolve));
    all.alice.socket.emit('sendMessage', {
      conversationId: all.conversationId,
      content: 'x'.repeat(LIMITS.maxFrameBytes),
      clientMessageId: 'huge',
    });
    expect(await reason).toBe('transport close');
    expect(await storedMessages(all)).toEqual([]);
    expect(await all.tablet.send(all.conversationId, 'still here')).toMatchObject({ data: { seq: 1 } });
  });
});

describe('an id of a conversation', () => {
  test.each(['', 'x', '0123456789ABCDEF01234567', '0123456789abcdef0123456', '0123456789abcdef01234567 '])(
    '%j that is invalid is VALIDATION, with the clientMessageId',
    async (conversationId) => {
      const [alice] = people('alice');
      const client = await server().connectAs(alice);
      expect(await client.send(conversationId, 'hello', 'm-1')).toMatchObject({
        success: false,
        code: 'VALIDATION',
        clientMessageId: 'm-1',
        details: [{ path: 'conversationId' }],
      });
    },
  );
});
