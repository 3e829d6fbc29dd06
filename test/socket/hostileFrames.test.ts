import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../contract/index.js';
import { readEverything, summariesWritten } from '../contract/support/database.js';
import { RawConnection } from '../contract/support/rawConnection.js';
import { people, sharedServer } from '../contract/support/sharedServer.js';
import { until } from '../support/until.js';

const server = sharedServer();

/** Checks that the server is alive and serves, and that the action stored nothing. */
async function expectUnharmed(act: () => Promise<void>): Promise<void> {
  const [alice, bob] = people('alice', 'bob');
  const witness = await server().connectAs(alice);
  const conversationId = await witness.open(bob);
  await summariesWritten(server());
  const before = await readEverything(server());
  await act();
  expect(await readEverything(server())).toEqual(before);
  expect(await witness.send(conversationId, 'still here')).toMatchObject({ success: true, data: { seq: 1 } });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  witness.close();
}

/** Resolves when the connection has either ended or still answers. */
async function settled(connection: RawConnection): Promise<'ended' | 'answers'> {
  connection.sendText('4277["getConversations",{}]');
  await until(() => connection.isClosed || connection.texts.some((text) => text.startsWith('4377')));
  return connection.isClosed ? 'ended' : 'answers';
}

const packets = [
  // Engine.IO: unknown packet types, probes, upgrades, pongs without a ping.
  ...['', '7', '9', 'x', '0', '0{"sid":"mine"}', '1', '2', '2probe', '3', '3probe', '5', '6', '\u0000', '💥'],
  // Socket.IO: unknown or unused packet types.
  ...['4', '47', '48', '49', '4x', '4{}', '4[]', '4null', '4-1', '4\u0000'],
  // Connects again, to other namespaces, with any data.
  ...[
    '40',
    '40{}',
    '40[]',
    '40null',
    '40{"token":{"$ne":null}}',
    '40/admin,',
    '40/admin,{}',
    '40/,{}',
    '40/'.padEnd(5_000, 'x'),
  ],
  ...['41', '41/admin,', '44', '44{}', '44"x"', '44{"message":"x"}'],
  // Invalid events.
  ...[
    '42',
    '42[',
    '42]',
    '42{}',
    '42null',
    '42"x"',
    '42[]',
    '42[null]',
    '42[1]',
    '42[1,{}]',
    '42[true]',
    '42[{}]',
    '42[[]]',
  ],
  ...['42[{"toString":"x"}]', '42["__proto__",{"polluted":1}]', '42[{"__proto__":{"polluted":1}}]'],
  // Reserved event names.
  ...[
    'connect',
    'connect_error',
    'disconnect',
    'disconnecting',
    'newListener',
    'removeListener',
    'error',
  ].flatMap((name) => [`42[${JSON.stringify(name)}]`, `421[${JSON.stringify(name)},{"message":"boom"}]`]),
  // Acknowledgements that were never requested, with various ids.
  ...['43', '43[]', '430[]', '4399999[1]', '43-1[]', '4399999999999999999999[]', '43{}'],
  ...[
    '42-1["getConversations",{}]',
    '421.5["getConversations",{}]',
    '42999999999999999999999["getConversations",{}]',
  ],
  // Attachments that are missing, repeated, or too many.
  ...[
    '45',
    '45-',
    '450-["x"]',
    '451-["x",{"_placeholder":true,"num":0}]',
    '451-["x",{"_placeholder":true,"num":7}]',
  ],
  ...[
    '451000000-["x"]',
    '45999999999999-["x",{"_placeholder":true,"num":0}]',
    '45-1-["x"]',
    '451-["x",{"_placeholder":true,"num":"__proto__"}]',
  ],
  ...['46', '461-[]', '461-1["x"]'],
  // JSON that is deep, wide, or truncated.
  `42["getConversations",${'['.repeat(20_000)}${']'.repeat(20_000)}]`,
  `42["getConversations",${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}]`,
  `42["sendMessage",{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]`,
  '42["sendMessage",{"conversationId":"',
  '42["sendMessage",\u2028]',
  `42["sendMessage",${'9'.repeat(1_000)}]`,
  '42["sendMessage",{"content":1e999}]',
];

describe('an invalid packet (promise 10)', () => {
  test('at worst ends its own connection, and affects no other', async () => {
    const [eve] = people('eve');
    await expectUnharmed(async () => {
      const outcomes = await Promise.all(
        packets.map(async (packet) => {
          await using connection = await RawConnection.connect(server().url, server().token(eve));
          connection.sendText(packet);
          if (/^4[56]/.test(packet)) connection.sendBinary(Buffer.from([1, 2, 3]));
          return await settled(connection);
        }),
      );
      expect(outcomes).toHaveLength(packets.length);
      expect(outcomes.filter((outcome) => outcome === 'answers').length).toBeGreaterThan(10);
    });
  });

  test('before authentication has no other effect', async () => {
    await expectUnharmed(async () => {
      await Promise.all(
        packets.map(async (packet) => {
          await using connection = await RawConnection.open(server().url);
          await connection.next((text) => text.startsWith('0'));
          connection.sendText(packet);
          connection.sendText('421["getOrCreateDirect",{"otherUserId":"victim"}]');
          connection.sendText('2');
          await until(() => connection.isClosed || connection.texts.length > 0);
          expect(connection.texts.some((text) => text.startsWith('43'))).toBe(false);
        }),
      );
    });
  });

  test('is answered with a code if it requests an acknowledgement', async () => {
    const [eve] = people('eve');
    await using connection = await RawConnection.connect(server().url, server().token(eve));
    const asked = [
      '[1]',
      '["unknown"]',
      '["error",{"message":"boom"}]',
      '["__proto__"]',
      '["sendMessage"]',
      '["sendMessage",1,2]',
    ];
    for (const [index, packet] of asked.entries()) {
      connection.sendText(`42${index}${packet}`);
      const answer = await connection.next((text) => text.startsWith(`43${index}[`));
      const [body] = JSON.parse(answer.slice(`43${index}`.length)) as [unknown];
      expect(body, packet).toMatchObject({
        success: false,
        code: expect.stringMatching(/^(NOT_FOUND|VALIDATION)$/) as string,
      });
    }
  });
});

describe('an invalid frame (promise 10)', () => {
  const text = (content: string): { opcode: number; payload: Buffer } => ({
    opcode: 1,
    payload: Buffer.from(content),
  });
  test.each([
    ['is not masked', [{ ...text('42["x"]'), masked: false }]],
    ['has reserved bits', [{ ...text('42["x"]'), reserved: 7 }]],
    ['has an unknown kind', [{ ...text('x'), opcode: 3 }]],
    ['is a continuation of nothing', [{ ...text('x'), opcode: 0 }]],
    ['begins a message inside another', [{ ...text('42'), last: false }, text('["x"]')]],
    ['is a ping in pieces', [{ ...text('x'), opcode: 9, last: false }]],
    ['is a ping that is too long', [{ opcode: 9, payload: Buffer.alloc(126) }]],
    ['is no UTF-8', [{ opcode: 1, payload: Buffer.from([0x34, 0x32, 0xff, 0xfe, 0xc0, 0x80]) }]],
    ['is half a surrogate in UTF-8', [{ opcode: 1, payload: Buffer.from('42["x","\ud83d"]', 'utf16le') }]],
    ['closes with one byte', [{ opcode: 8, payload: Buffer.from([3]) }]],
    ['closes with a reserved code', [{ opcode: 8, payload: Buffer.from([3, 237]) }]],
    ['announces more than may ever come', [{ ...text('x'), announcedBytes: 2 ** 40 }]],
    ['is larger than the limit', [text(`42["x","${'x'.repeat(LIMITS.maxFrameBytes)}"]`)]],
    [
      'is larger than the limit in small pieces',
      [
        { ...text('42["x","'), last: false },
        ...Array.from({ length: 140 }, () => ({ opcode: 0, payload: Buffer.alloc(1_000, 120), last: false })),
        { opcode: 0, payload: Buffer.from('"]') },
      ],
    ],
  ])('one that %s ends its connection alone', async (_what, frames) => {
    const [eve] = people('eve');
    await expectUnharmed(async () => {
      await using connection = await RawConnection.connect(server().url, server().token(eve));
      for (const frame of frames) connection.sendFrame(frame);
      expect(await connection.closed()).toBe(true);
    });
  });

  test('a message in a thousand small fragments is accepted as one message', async () => {
    const [eve] = people('eve');
    await using connection = await RawConnection.connect(server().url, server().token(eve));
    const bytes = [...Buffer.from('427["getConversations",{"limit":7}]')];
    bytes.forEach((byte, index) =>
      connection.sendFrame({
        opcode: index === 0 ? 1 : 0,
        payload: Buffer.from([byte]),
        last: index === bytes.length - 1,
      }),
    );
    expect(await connection.next((answer) => answer.startsWith('437'))).toContain('"success":true');
  });
});

describe('an invalid request to the transport', () => {
  const polling = async (query: string, init: RequestInit = {}): Promise<number> =>
    (await fetch(`${server().url}/socket.io/?${query}`, init)).status;

  test.each([
    ['no version', 'transport=polling', {}],
    ['an old version', 'EIO=3&transport=polling', {}],
    ['an unknown transport', 'EIO=4&transport=carrier-pigeon', {}],
    ['a transport of an object', 'EIO=4&transport=__proto__', {}],
    ['no transport', 'EIO=4', {}],
    ['an unknown session', 'EIO=4&transport=polling&sid=unknown', {}],
    ['a session of an object', 'EIO=4&transport=polling&sid=__proto__', {}],
    ['two sessions', 'EIO=4&transport=polling&sid=a&sid=b', {}],
    ['a message without a session', 'EIO=4&transport=polling', { method: 'POST', body: '42["x"]' }],
    ['another method', 'EIO=4&transport=polling', { method: 'PUT', body: 'x' }],
  ])('with %s is refused', async (_what, query, init) => {
    await expectUnharmed(async () => {
      const status = await polling(query, init);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    });
  });

  test('over polling: garbage ends the session, and too large bodies are not read', async () => {
    await expectUnharmed(async () => {
      for (const body of [
        'garbage',
        'b!!!',
        '4\u001e4\u001e4',
        '42['.repeat(1_000),
        '\u001e'.repeat(10_000),
        'x'.repeat(200_000),
      ]) {
        const opened = await (await fetch(`${server().url}/socket.io/?EIO=4&transport=polling`)).text();
        const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
        const status = await polling(`EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body }).catch(
          () => 0,
        );
        expect(status).toBeLessThan(500);
      }
    });
  });

  test('with endless headers is refused by the limit of their size', async () => {
    await expectUnharmed(async () => {
      const status = await new Promise<number>((resolve) => {
        const sent = request(`${server().url}/api/users/me`, {
          headers: { authorization: `Bearer ${'x'.repeat(20_000)}` },
        });
        sent
          .on('response', (response) => resolve(response.statusCode ?? 0))
          .on('error', () => resolve(431))
          .end();
      });
      expect(status).toBe(431);
    });
  });
});
