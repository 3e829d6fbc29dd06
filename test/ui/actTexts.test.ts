import { describe, expect, test } from 'vitest';
import { ACT_TEXTS } from '../../app/src/moderation/actTexts.js';
import { actIn, outcomeIn } from '../../app/src/moderation/acts.js';
import { SERVER_ENDPOINTS } from '../../contract/index.js';

const { en, ...others } = ACT_TEXTS;

test('every act that the server records for an API key has words', () => {
  for (const [action, { isAudited }] of Object.entries(SERVER_ENDPOINTS))
    if (isAudited) expect(actIn(en, { action })).not.toBe(action);
});

test('an act of a newer server keeps its code, and a failure has its own', () => {
  expect(actIn(en, { action: 'somethingNew' })).toBe('somethingNew');
  expect(outcomeIn(en, { action: 'banUser', outcome: 'NOT_FOUND' })).toBe('Failed (NOT_FOUND)');
});

describe.each(Object.entries(others))('acts in %s', (_language, texts) => {
  test('are translated', () => {
    for (const [key, text] of Object.entries(texts))
      expect(Object.entries(en)).not.toContainEqual([key, text]);
  });
});
