import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TokenReason } from '../../packages/client/src/api/options.js';
import { readClaims } from '../../packages/client/src/connection/jwt.js';
import { Session } from '../../packages/client/src/connection/session.js';
import { createTokens } from '../../packages/client/src/connection/tokens.js';
import { makeToken } from '../support/tokens.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const SILENT = { debug: () => undefined, warn: () => undefined, error: () => undefined };
const issuedS = Math.floor(Date.UTC(2026, 0, 1) / 1_000);
let counter = 0;
const token = (lifetimeS: number, userId = 'alice') =>
  makeToken(userId, { iat: issuedS, exp: issuedS + lifetimeS, jti: String((counter += 1)) });

/** Creates tokens over an app that returns a new one for each call, or what `next` says. */
function start(lifetimeS = 3_600) {
  const reasons: TokenReason[] = [];
  const app = { next: (): Promise<string | undefined> => Promise.resolve(token(lifetimeS)) };
  const tokens = createTokens({
    getToken: (reason) => {
      reasons.push(reason);
      return app.next();
    },
    logger: SILENT,
  });
  return { tokens, reasons, app };
}

describe('claims', () => {
  it('are read from a token, whatever characters the user id has', () => {
    for (const userId of ['alice', 'a/b', 'Zoë 🦊', 'ÿ?>']) {
      expect(readClaims(token(60, userId))).toEqual({ userId, lifetimeMs: 60_000 });
    }
    for (const broken of ['', 'a.b.c', 'x', `a.${btoa('[]')}.c`, 'é.é.é']) {
      expect(readClaims(broken)).toEqual({ userId: undefined, lifetimeMs: undefined });
    }
  });
});

describe('a token', () => {
  it('is used for all connections while it is fresh', async () => {
    const { tokens, reasons } = start();
    for (let connection = 0; connection < 20; connection += 1) {
      await tokens.get('connect');
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(reasons).toEqual(['connect']);
  });

  it('is renewed before it expires, however wrong the clock of the device is', async () => {
    for (const year of [1999, 2020, 2090]) {
      vi.setSystemTime(Date.UTC(year, 0, 1));
      const { tokens, reasons } = start(600);
      await tokens.get('connect');
      await vi.advanceTimersByTimeAsync(530_000);
      await tokens.get('connect');
      expect(reasons).toEqual(['connect']);
      await vi.advanceTimersByTimeAsync(20_000);
      await tokens.get('connect');
      expect(reasons).toEqual(['connect', 'expiring']);
    }
  });

  it('is requested once by calls at the same time', async () => {
    const { tokens, reasons } = start();
    await Promise.all([tokens.get('connect'), tokens.get('connect'), tokens.renew('refused')]);
    expect(reasons).toEqual(['connect']);
  });

  it('that was refused is not used again', async () => {
    const { tokens, reasons } = start();
    const first = await tokens.get('connect');
    if (typeof first === 'string') throw new Error('there is a token');
    tokens.refuse(first.token.value);
    await tokens.get('refused');
    expect(reasons).toEqual(['connect', 'refused']);
  });

  it('may be unavailable for a while, or for good', async () => {
    const { tokens, app } = start();
    app.next = () => Promise.reject(new Error('the backend is down'));
    expect(await tokens.get('connect')).toBe('failed');
    app.next = () => new Promise(() => undefined);
    const hanging = tokens.get('connect');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await hanging).toBe('failed');
    app.next = () => Promise.resolve(undefined);
    expect(await tokens.get('connect')).toBe('signedOut');
  });
});

describe('the session of a connection', () => {
  function connect(lifetimeS: number) {
    const { tokens, reasons, app } = start(lifetimeS);
    const sent: string[] = [];
    const events: string[] = [];
    const session = new Session({
      tokens,
      acceptUser: (userId) => userId === 'alice',
      onSignedOut: (reason) => events.push(reason),
      send: (value) => {
        sent.push(value);
        return Promise.resolve({ success: true, data: { userId: 'alice', expiresAt: '' } });
      },
      onRefused: () => events.push('refused'),
      onRenewedAfterExpiry: () => events.push('renewed after expiry'),
    });
    return { session, reasons, sent, events, app };
  }

  it('is renewed before its token expires, once per expiry', async () => {
    const { session, reasons, sent, events } = connect(600);
    await session.prepare('connect');
    session.begin();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reasons).toEqual(['connect', 'expiring']);
    expect(sent).toHaveLength(1);
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reasons).toHaveLength(3);
  });

  it('is renewed once when the server says that it has expired, and what was missed is fetched', async () => {
    const { session, reasons, events } = connect(3_600);
    await session.prepare('connect');
    session.begin();
    session.expire();
    session.expire();
    await Promise.all([session.renewRefused(), session.renewRefused()]);
    expect(reasons).toEqual(['connect', 'expiring']);
    expect(events).toEqual(['renewed after expiry']);
  });

  it('does not ask in a loop when the app returns the same token', async () => {
    const { session, reasons, app } = connect(600);
    const same = token(600);
    app.next = () => Promise.resolve(same);
    await session.prepare('connect');
    session.begin();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(reasons).toEqual(['connect', 'expiring']);
  });

  it('asks again, with pauses, while the app cannot return a token', async () => {
    const { session, reasons, app, sent } = connect(600);
    await session.prepare('connect');
    session.begin();
    app.next = () => Promise.reject(new Error('down'));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reasons.length).toBeGreaterThan(2);
    expect(reasons.length).toBeLessThan(40);
    app.next = () => Promise.resolve(token(600));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(sent).toHaveLength(1);
  });

  it('ends with a token of another user, or without one', async () => {
    for (const [next, reason] of [
      [token(600, 'bob'), 'The token is for another user.'],
      [undefined, 'getToken gave no token.'],
    ] as const) {
      const { session, events, app } = connect(600);
      app.next = () => Promise.resolve(next);
      expect(await session.prepare('connect')).toBe(false);
      expect(events).toEqual([reason]);
    }
  });

  it('renews nothing while the connection is closed', async () => {
    const { session, reasons } = connect(600);
    await session.prepare('connect');
    session.begin();
    session.pause();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reasons).toEqual(['connect']);
  });
});
