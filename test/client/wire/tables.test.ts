import { describe, expect, it } from 'vitest';
import * as contract from '../../../contract/index.js';
import { SYSTEM_USER_ID } from '../../../packages/client/src/index.js';
import { CLOSE_CODES, isBlank, isPushName, LIMITS, RETRY } from '../../../packages/client/src/wire/index.js';

describe('tables of the client and of the contract', () => {
  it('name the same error codes with the same retry rules', () => {
    const rules = Object.entries(contract.ERRORS).map(([code, { retry }]) => [code, retry]);
    expect(RETRY).toEqual(Object.fromEntries(rules));
  });

  it('name the same close codes, and whether and when to reconnect', () => {
    const rules = Object.entries(contract.CLOSE_CODES).map(([code, { meaning: _, ...rule }]) => [code, rule]);
    expect(CLOSE_CODES).toEqual(Object.fromEntries(rules));
  });

  it('hold the same limits', () => {
    const same = Object.keys(LIMITS).map((name) => [
      name,
      (contract.LIMITS as Record<string, unknown>)[name],
    ]);
    expect(LIMITS).toEqual(Object.fromEntries(same));
  });

  it('know the sender of the messages of the app itself', () => {
    expect(SYSTEM_USER_ID).toBe(contract.SYSTEM_USER_ID);
  });

  it('find nothing visible in the same texts', () => {
    const differs = (code: number): boolean => {
      const char = String.fromCodePoint(code);
      return [char, `${char} a`].some((text) => isBlank(text) !== contract.isBlank(text));
    };
    const all = Array.from({ length: 0x110000 }, (_, code) => code);
    expect(all.filter(differs)).toEqual([]);
    expect(['', '\u200B', ' \u2066\u2069\n', '\u3164'].every(isBlank)).toBe(true);
    expect(isBlank('\u200Da')).toBe(false);
  });

  it('know the same pushes', () => {
    expect(contract.PUSH_NAMES.filter((name) => !isPushName(name))).toEqual([]);
    expect(['message:read', 'toString', ''].filter(isPushName)).toEqual([]);
  });
});
