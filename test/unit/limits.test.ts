import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import { PerUserQuota } from '../../backend/src/services/commitLog/perUserQuota.js';
import { textFrame } from '../../backend/src/socket/delivery/webSocketFrame.js';
import { addressOf, toAddressKey } from '../../backend/src/utils/remoteAddress.js';

/** Only what an address is read from: a whole request needs a connection. */
const request = (remoteAddress: string, forwarded?: string | string[]) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

describe('the address of a request', () => {
  test.each([
    {
      what: 'the other end, whatever the header says, while no proxy is trusted',
      proxies: 0,
      header: '203.0.113.7',
      expected: '10.0.0.1',
    },
    {
      what: 'what the one proxy saw, not what the client wrote before it',
      proxies: 1,
      header: '1.1.1.1, 203.0.113.7',
      expected: '203.0.113.7',
    },
    {
      what: 'what the outermost of two proxies saw',
      proxies: 2,
      header: '1.1.1.1, 203.0.113.7, 10.0.0.2',
      expected: '203.0.113.7',
    },
    {
      what: 'the other end, when the request came past the proxies',
      proxies: 2,
      header: '203.0.113.7',
      expected: '10.0.0.1',
    },
    {
      what: 'the other end, when the header holds no address',
      proxies: 1,
      header: 'x',
      expected: '10.0.0.1',
    },
    { what: 'the other end, when the header is empty', proxies: 1, header: '', expected: '10.0.0.1' },
  ])('is $what', ({ proxies, header, expected }) => {
    expect(addressOf(request('10.0.0.1', header), proxies)).toBe(expected);
  });

  test('is the remote end without the header, with and without proxies', () => {
    expect(addressOf(request('::ffff:10.0.0.1'), 0)).toBe('10.0.0.1');
    expect(addressOf(request('10.0.0.1'), 1)).toBe('10.0.0.1');
  });

  test.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['203.0.113.7', '203.0.113.7'],
  ])('%s counts as %s: who has an IPv6 network has all of its addresses', (address, key) => {
    expect(toAddressKey(address)).toBe(key);
  });
});

describe('the quota of a queue', () => {
  test('is limited per user, released, and dropped when it is empty', () => {
    const shares = new PerUserQuota(2);
    const [alice, bob] = ['alice', 'bob'] as UserId[] as [UserId, UserId];
    const release = shares.take(alice);
    shares.take(alice);
    expect(() => shares.take(alice)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }) as Error);
    shares.take(bob);
    expect(shares.total).toBe(3);
    release();
    shares.take(alice);
    expect(() => shares.take(alice)).toThrow();
  });
});

describe('a frame', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536, 200_000])('of %i bytes announces its length', (length) => {
    const [frame] = textFrame('x'.repeat(length));
    expect(frame[0]).toBe(0x81);
    const short = frame[1] ?? 0;
    const announced =
      short === 126 ? frame.readUInt16BE(2) : short === 127 ? Number(frame.readBigUInt64BE(2)) : short;
    expect(announced).toBe(length);
    expect(frame).toHaveLength(length + (length <= 125 ? 2 : length <= 65_535 ? 4 : 10));
  });

  test('counts bytes, not characters', () => {
    const [frame] = textFrame('ü€💬');
    expect([frame[1], frame.toString('utf8', 2)]).toEqual([9, 'ü€💬']);
  });
});
