import { createHmac, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { TokenVerifier, type TokenKeys } from '../../backend/src/services/users/tokens.js';
import { AppError } from '../../backend/src/utils/appError.js';
import { TEST_SECRET, makeToken } from '../support/tokens.js';

const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const shared = new TokenVerifier({ algorithms: ['HS256'], secret: TEST_SECRET });
const asymmetric = new TokenVerifier({ algorithms: ['RS256'], publicKey: rsa.publicKey });
const nowS = (): number => Math.floor(Date.now() / 1_000);

const codeOf = (token: string, verifier = shared): string => {
  try {
    verifier.verify(token);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'accepted';
};

/** Builds a token that no library would sign. */
const forge = (header: object, payload: object | string, sign: (input: string) => string): string => {
  const part = (value: object | string): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${sign(input)}`;
};
const hs256 =
  (key: string) =>
  (input: string): string =>
    createHmac('sha256', key).update(input).digest('base64url');

test('a token contains the caller, the time of issue and the expiry', () => {
  const iat = nowS() - 5;
  const token = makeToken('alice', {
    iat,
    exp: iat + 60,
    name: ' Alice ',
    picture: 'https://x.example/a.png',
  });
  expect(shared.verify(token)).toEqual({
    userId: 'alice',
    issuedAtMs: iat * 1_000,
    expiresAtMs: (iat + 60) * 1_000,
    name: 'Alice',
    avatar: 'https://x.example/a.png',
  });
});

test('a name or picture that cannot be shown is dropped, and the token is accepted', () => {
  const token = makeToken('alice', { name: { first: 'A' }, picture: 'javascript:alert(1)' });
  expect(shared.verify(token)).toMatchObject({ userId: 'alice', name: undefined, avatar: undefined });
});

describe('a token is refused', () => {
  test.each([
    ['garbage', 'garbage'],
    ['an empty text', ''],
    ['two parts', 'a.b'],
    ['three parts of nothing', '..'],
    ['a header that is no JSON', 'e30x.e30.x'],
    ['a header that is null', `${Buffer.from('null').toString('base64url')}.e30.x`],
    ['another secret', makeToken('alice', {}, { secret: 'another-secret' })],
    ['another algorithm of the same kind', makeToken('alice', {}, { algorithm: 'HS512' })],
    ['no exp', makeToken('alice', { exp: undefined })],
    ['an exp of text', forge({ alg: 'HS256' }, { sub: 'alice', exp: '9999999999' }, hs256(TEST_SECRET))],
    ['an exp beyond all time', forge({ alg: 'HS256' }, '{"sub":"alice","exp":1e15}', hs256(TEST_SECRET))],
    ['a negative exp', makeToken('alice', { exp: -1 })],
    ['not yet valid', makeToken('alice', { nbf: nowS() + 3_600 })],
    ['a payload that is no object', forge({ alg: 'HS256' }, '"alice"', hs256(TEST_SECRET))],
    ['a payload of null', forge({ alg: 'HS256' }, 'null', hs256(TEST_SECRET))],
  ])('with %s', (_what, token) => {
    expect(codeOf(token)).toMatch(/^(UNAUTHENTICATED|TOKEN_EXPIRED)$/);
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['a number', 7],
    ['null', null],
    ['an array', ['alice']],
    ['an operator', { $ne: null }],
    ['too long', 'x'.repeat(129)],
    ['with NUL', 'ali\u0000ce'],
    ['with a lone surrogate', 'ali\ud800ce'],
    ['of a reversed surrogate pair', '\udc00\ud800'],
  ])('whose sub is %s', (_what, sub) => {
    const token = forge(
      { alg: 'HS256', typ: 'JWT' },
      { sub, iat: nowS(), exp: nowS() + 60 },
      hs256(TEST_SECRET),
    );
    expect(codeOf(token)).toBe('UNAUTHENTICATED');
  });

  test('when it has expired, with its own code', () => {
    expect(codeOf(makeToken('alice', { exp: nowS() - 1 }))).toBe('TOKEN_EXPIRED');
  });

  test('as invalid when it has expired and its signature is wrong', () => {
    expect(codeOf(makeToken('alice', { exp: nowS() - 1 }, { secret: 'another-secret' }))).toBe(
      'UNAUTHENTICATED',
    );
  });

  test.each(['none', 'None', 'NONE', 'nOnE', ''])('with the algorithm %j', (alg) => {
    const claims = { sub: 'alice', iat: nowS(), exp: nowS() + 60 };
    for (const verifier of [shared, asymmetric]) {
      expect(
        codeOf(
          forge({ alg }, claims, () => ''),
          verifier,
        ),
      ).toBe('UNAUTHENTICATED');
      expect(codeOf(forge({ alg }, claims, hs256(TEST_SECRET)), verifier)).toBe('UNAUTHENTICATED');
    }
  });

  test.each([
    ['a number', 7],
    ['an array', ['HS256']],
    ['an object', { $ne: null }],
    ['null', null],
  ])('with an algorithm that is %s', (_what, alg) => {
    const claims = { sub: 'alice', iat: nowS(), exp: nowS() + 60 };
    expect(codeOf(forge({ alg }, claims, hs256(TEST_SECRET)))).toBe('UNAUTHENTICATED');
  });

  test('that uses the public key as a shared secret', () => {
    const claims = { sub: 'alice', iat: nowS(), exp: nowS() + 60 };
    for (const key of [rsa.publicKey, rsa.publicKey.trim()]) {
      const token = forge({ alg: 'HS256', typ: 'JWT' }, claims, hs256(key));
      expect(codeOf(token, asymmetric)).toBe('UNAUTHENTICATED');
      const both: TokenKeys = {
        algorithms: ['RS256', 'HS256'],
        publicKey: rsa.publicKey,
        secret: TEST_SECRET,
      };
      expect(codeOf(token, new TokenVerifier(both))).toBe('UNAUTHENTICATED');
    }
  });

  test('of an algorithm without a configured key', () => {
    const rs256 = jwt.sign({ sub: 'alice', exp: nowS() + 60 }, rsa.privateKey, { algorithm: 'RS256' });
    expect(codeOf(rs256, shared)).toBe('UNAUTHENTICATED');
    expect(codeOf(makeToken('alice'), asymmetric)).toBe('UNAUTHENTICATED');
    expect(codeOf(rs256, new TokenVerifier({ algorithms: ['RS256'], secret: TEST_SECRET }))).toBe(
      'UNAUTHENTICATED',
    );
  });
});

test('a token signed with the private key is accepted where its public key is configured', () => {
  const token = jwt.sign({ sub: 'alice', exp: nowS() + 60 }, rsa.privateKey, { algorithm: 'RS256' });
  expect(codeOf(token, asymmetric)).toBe('accepted');
});

test('audience and issuer are checked where they are configured, and only there', () => {
  const strict = new TokenVerifier({
    algorithms: ['HS256'],
    secret: TEST_SECRET,
    audience: 'chat',
    issuer: 'app',
  });
  expect(codeOf(makeToken('alice', { aud: 'chat', iss: 'app' }), strict)).toBe('accepted');
  expect(codeOf(makeToken('alice', { aud: ['mail', 'chat'], iss: 'app' }), strict)).toBe('accepted');
  expect(codeOf(makeToken('alice', { aud: 'mail', iss: 'app' }), strict)).toBe('UNAUTHENTICATED');
  expect(codeOf(makeToken('alice', { aud: 'chat', iss: 'other' }), strict)).toBe('UNAUTHENTICATED');
  expect(codeOf(makeToken('alice', { aud: 'chat' }), strict)).toBe('UNAUTHENTICATED');
  expect(codeOf(makeToken('alice'), strict)).toBe('UNAUTHENTICATED');
  expect(codeOf(makeToken('alice', { aud: 'mail', iss: 'other' }))).toBe('accepted');
});

test('a token without iat counts as issued at the epoch', () => {
  expect(shared.verify(makeToken('alice', { iat: undefined })).issuedAtMs).toBe(0);
});

describe('the clock of the issuer', () => {
  const exact = new TokenVerifier({ algorithms: ['HS256'], secret: TEST_SECRET, leewayMs: 0 });

  test.each(['iat', 'nbf'])('may be a few seconds ahead in %s, and no more', (claim) => {
    expect(codeOf(makeToken('alice', { [claim]: nowS() + 4 }))).toBe('accepted');
    expect(codeOf(makeToken('alice', { [claim]: nowS() + 4 }), exact)).toBe('UNAUTHENTICATED');
    expect(codeOf(makeToken('alice', { [claim]: nowS() + 60 }))).toBe('UNAUTHENTICATED');
  });

  test('does not prolong a token', () => {
    expect(codeOf(makeToken('alice', { exp: nowS() - 1 }))).toBe('TOKEN_EXPIRED');
  });
});

test('a time of issue is compared with millisecond precision', () => {
  for (let ms = 1_700_000_000_000; ms < 1_700_000_001_000; ms += 1) {
    expect(shared.verify(makeToken('alice', { iat: ms / 1_000 })).issuedAtMs).toBe(ms);
  }
});

test('a name that is too long is shortened at a grapheme boundary', () => {
  const family = '👨‍👩‍👧‍👦';
  const name = `  ${'x'.repeat(95)}${family}!`;
  expect(shared.verify(makeToken('alice', { name })).name).toBe('x'.repeat(95));
  const fits = `${'x'.repeat(93)}${family}`;
  expect(shared.verify(makeToken('alice', { name: `${fits} and more` })).name).toBe(fits);
  expect(shared.verify(makeToken('alice', { name: '\u200b\u2800' })).name).toBeUndefined();
});

test('a picture with a forbidden URL is dropped', () => {
  const verifier = new TokenVerifier({
    algorithms: ['HS256'],
    secret: TEST_SECRET,
    acceptsUrl: (url) => url.startsWith('https://'),
  });
  const pictureOf = (picture: string) => verifier.verify(makeToken('alice', { picture })).avatar;
  expect(pictureOf('https://x.example/a.png')).toBe('https://x.example/a.png');
  expect(pictureOf('http://x.example/a.png')).toBeUndefined();
  expect(pictureOf('https://user:password@x.example/a.png')).toBeUndefined();
});

test('no refusal contains the token', () => {
  const token = makeToken('alice', {}, { secret: 'another-secret' });
  try {
    shared.verify(token);
    expect.unreachable();
  } catch (error) {
    expect(String(error)).not.toContain(token);
  }
});
