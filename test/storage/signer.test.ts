import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { CdnUrls } from '../../backend/src/storage/cdnUrls.js';
import { S3Signer } from '../../backend/src/storage/s3/signer.js';
import { urlWindow } from '../../backend/src/storage/urlWindow.js';

test('a URL is signed as in the example of the S3 documentation', () => {
  const signer = new S3Signer({
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
  });
  const url = signer.sign({
    method: 'GET',
    base: new URL('https://examplebucket.s3.amazonaws.com'),
    key: 'test.txt',
    signedAt: new Date('2013-05-24T00:00:00Z'),
    validSeconds: 86_400,
  });
  expect(new URL(url).searchParams.get('X-Amz-Signature')).toBe(
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  );
});

test('a URL is valid for 10 to 15 minutes, and the same for five', () => {
  const start = Date.parse('2026-11-29T12:00:00Z');
  const [first, last, next] = [start, start + 299_999, start + 300_000].map((ms) => urlWindow(ms));
  expect(first).toEqual(last);
  expect(first?.expiresAt).toEqual(new Date(start + 900_000));
  expect(next?.expiresAt).toEqual(new Date(start + 1_200_000));
});

test('a URL of the CDN holds the time and the code of path and time, and nothing of the store', () => {
  const secret = 's'.repeat(32);
  const window = urlWindow(Date.parse('2026-11-29T12:01:00Z'));
  const { url } = new CdnUrls({ url: 'https://cdn.example/files/', secret }).sign('att/1/original', window);
  const { pathname, searchParams } = new URL(url);
  expect(pathname).toBe('/files/att/1/original');
  const [seconds = '', mac] = (searchParams.get('verify') ?? '').split(/-(.*)/);
  expect(seconds).toBe(String(Date.parse('2026-11-29T12:00:00Z') / 1_000));
  const expected = createHmac('sha256', secret).update(`/files/att/1/original${seconds}`).digest('base64');
  expect(mac).toBe(expected);
});
