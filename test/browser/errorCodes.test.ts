import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../contract/index.js';
import { RETRY } from '../../page/src/errors.js';

describe('error codes', () => {
  it('are handled as the contract says, all of them', () => {
    const contract = Object.fromEntries(Object.entries(ERRORS).map(([code, { retry }]) => [code, retry]));
    expect(RETRY).toEqual(contract);
  });
});
