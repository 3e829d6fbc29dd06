import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readConfig } from '../../backend/src/config.js';
import { OutgoingGuard, type Resolve } from '../../backend/src/outgoing/index.js';
import { OutgoingRefused } from '../../backend/src/services/outgoing.js';

async function listen(listener: RequestListener) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    listener(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A guard that is closed at the end, with names that resolve to the given addresses, one after the other. */
function guarded(allowPrivate: string[], answers: string[][] = []) {
  const asked: string[] = [];
  const resolver: Resolve = (host, callback) => {
    const addresses = answers[Math.min(asked.push(host), answers.length) - 1] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  const guard = new OutgoingGuard(allowPrivate, answers.length > 0 ? resolver : undefined);
  return { guard, asked, [Symbol.asyncDispose]: () => guard.close() };
}

const ruleOf = (work: () => void): string => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return error instanceof OutgoingRefused ? error.rule : String(error);
  }
};
const ruleOfSend = async (sent: Promise<unknown>): Promise<string> =>
  sent.then(
    () => 'sent',
    (error: unknown) => (error instanceof OutgoingRefused ? error.rule : String(error)),
  );

const PRIVATE_HOSTS = [
  ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '127.0.0.1.'],
  ...['%31%32%37.0.0.1', '127。0。0。1', '０ｘ７ｆ.1', '0.0.0.0', '0'],
  ...[
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ],
  ...['192.0.0.1', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1'],
  ...[
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[fec0::1]',
    '[ff02::1]',
  ],
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:a9fe:a9fe]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]'],
  ...[
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[2001:0:7f00:1::]',
    '[2001:db8::1]',
    '[100::1]',
  ],
];

test.each(PRIVATE_HOSTS)('https://%s/ is refused at registration and at send', async (host) => {
  await using opened = guarded([]);
  const { guard } = opened;
  expect(ruleOf(() => guard.check(`https://${host}/`, 'runtime'))).toBe('address');
  expect(await ruleOfSend(guard.send({ url: `https://${host}/`, source: 'runtime' }))).toBe('address');
});

test.each([
  ['scheme', 'http://example.com/'],
  ['scheme', 'ftp://example.com/'],
  ['scheme', 'file:///etc/passwd'],
  ['scheme', 'javascript:alert(1)'],
  ['scheme', 'gopher://127.0.0.1:6379/_x'],
  ['url', 'example.com'],
  ['url', 'https://'],
  ['url', ''],
  ['credentials', 'https://user:secret@example.com/'],
  ['credentials', 'https://user@example.com/'],
])('%s: %s is refused', async (rule, url) => {
  await using opened = guarded([]);
  const refusals = [ruleOf(() => opened.guard.check(url, 'runtime'))];
  refusals.push(await ruleOfSend(opened.guard.send({ url, source: 'runtime' })));
  for (const refusal of refusals) expect(['url', 'scheme', rule]).toContain(refusal);
  expect(refusals[0]).toBe(refusals[1]);
});

test.each([
  ['127.0.0.1'],
  ['10.0.0.1', '192.168.1.1'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['64:ff9b::7f00:1'],
  ['2002:7f00:1::'],
  ['fd00::1'],
])('a name that resolves to %s is refused when it is connected to', async (...addresses) => {
  await using opened = guarded([], [addresses]);
  const url = 'https://receiver.example/';
  opened.guard.check(url, 'runtime');
  expect(await ruleOfSend(opened.guard.send({ url, source: 'runtime' }))).toBe('address');
  expect(opened.asked).toEqual(['receiver.example']);
});

test('the machine itself is refused by its name, too', async () => {
  await using opened = guarded([]);
  expect(await ruleOfSend(opened.guard.send({ url: 'https://localhost/', source: 'runtime' }))).toBe(
    'address',
  );
});

test('the name is resolved and checked anew for each connection: rebinding reaches nothing', async () => {
  await using receiver = await listen((_request, response) => response.end('reached'));
  await using opened = guarded([], [['192.88.99.1', '127.0.0.1'], ['127.0.0.1']]);
  const url = `https://receiver.example:${receiver.port}/`;
  for (let index = 0; index < 2; index++) {
    const sent = opened.guard.send({ url, source: 'runtime', timeoutMs: 300 });
    expect(await ruleOfSend(sent)).toBe('address');
  }
  expect([opened.asked.length, receiver.requests.length]).toEqual([2, 0]);
});

test('listed names, addresses and ranges are reached, over plain http as well', async () => {
  await using receiver = await listen((_request, response) => response.end('reached'));
  const reach = async (allow: string[], host: string) => {
    await using opened = guarded(allow, [['127.0.0.1']]);
    const url = `http://${host}:${receiver.port}/`;
    return await ruleOfSend(opened.guard.send({ url, source: 'runtime', method: 'GET' }));
  };
  expect(await reach(['127.0.0.0/8'], '127.0.0.1')).toBe('sent');
  expect(await reach(['127.0.0.1'], '2130706433')).toBe('sent');
  expect(await reach(['receiver.default.svc'], 'receiver.default.svc')).toBe('sent');
  expect(await reach(['*.default.svc'], 'receiver.default.svc')).toBe('sent');
  expect(await reach(['127.0.0.2'], '127.0.0.1')).toBe('scheme');
  expect(await reach(['default.svc'], 'receiver.default.svc')).toBe('scheme');
  expect(await reach(['*.default.svc'], 'default.svc')).toBe('scheme');
  expect(await reach(['127.0.0.0/8'], 'receiver.default.svc')).toBe('scheme');
  expect(receiver.requests).toHaveLength(4);
});

test('a range allows the resolved address of a name over https', async () => {
  await using opened = guarded(['127.0.0.0/8'], [['127.0.0.1']]);
  const sent = opened.guard.send({ url: 'https://receiver.example:1/', source: 'runtime' });
  expect(await ruleOfSend(sent)).toContain('ECONNREFUSED');
});

test('a URL of the operator may be private and plain http, but not anything else', async () => {
  await using receiver = await listen((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/' });
    response.end('reached');
  });
  await using opened = guarded([]);
  const { guard } = opened;
  const url = `http://127.0.0.1:${receiver.port}/`;
  const answer = await guard.send({ url, source: 'operator', body: 'text' });
  expect([answer.status, answer.body.toString(), answer.isCut]).toEqual([200, 'reached', false]);
  expect(await ruleOfSend(guard.send({ url, source: 'runtime' }))).toBe('scheme');
  expect(await ruleOfSend(guard.send({ url: `${url}moved`, source: 'operator' }))).toBe('redirect');
  expect(ruleOf(() => guard.check('ftp://127.0.0.1/', 'operator'))).toBe('scheme');
  expect(ruleOf(() => guard.check('http://a:b@127.0.0.1/', 'operator'))).toBe('credentials');
  expect(receiver.requests).toEqual(['/', '/moved']);
});

test.each([301, 302, 303, 307, 308, 300, 304])('status %d is not followed', async (status) => {
  await using receiver = await listen((_request, response) =>
    response.writeHead(status, { location: '/elsewhere' }).end(),
  );
  await using opened = guarded(['127.0.0.1']);
  const url = `http://127.0.0.1:${receiver.port}/`;
  expect(await ruleOfSend(opened.guard.send({ url, source: 'runtime' }))).toBe('redirect');
  expect(receiver.requests).toEqual(['/']);
});

test('no more of an answer is read than allowed, and its connection ends', async () => {
  let isOver = (): void => undefined;
  const over = new Promise<void>((resolve) => (isOver = resolve));
  await using receiver = await listen((request, response) => {
    request.socket.once('close', isOver);
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(65_536, 'x'));
      },
    });
    response.once('close', () => endless.destroy());
    endless.pipe(response);
  });
  await using opened = guarded(['127.0.0.1']);
  const url = `http://127.0.0.1:${receiver.port}/`;
  const answer = await opened.guard.send({ url, source: 'runtime', maxAnswerBytes: 1_000 });
  expect([answer.status, answer.body.length, answer.isCut]).toEqual([200, 1_000, true]);
  await over;
});

test.each(['before the headers', 'within the body'])(
  'a receiver that stalls %s is given up',
  async (when) => {
    await using receiver = await listen((_request, response) => {
      if (when === 'within the body') response.write('begin');
    });
    await using opened = guarded(['127.0.0.1']);
    const url = `http://127.0.0.1:${receiver.port}/`;
    const sent = opened.guard.send({ url, source: 'runtime', timeoutMs: 200 });
    expect(await ruleOfSend(sent)).toContain('TimeoutError');
  },
);

test('without configuration, the machine itself is allowed outside production only', () => {
  const allowed = (env: Record<string, string>) => readConfig(env).OUTGOING_ALLOW_PRIVATE;
  expect(allowed({})).toEqual(['localhost', '127.0.0.0/8', '::1']);
  expect(allowed({ NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(40) })).toEqual([]);
  expect(allowed({ OUTGOING_ALLOW_PRIVATE: 'none' })).toEqual([]);
  expect(allowed({ OUTGOING_ALLOW_PRIVATE: 'Backend.Default.SVC, 10.0.0.0/8' })).toEqual([
    'backend.default.svc',
    '10.0.0.0/8',
  ]);
});
