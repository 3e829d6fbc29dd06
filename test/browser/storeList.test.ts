import { describe, expect, it } from 'vitest';
import { listOf } from '../../page/src/selectors.js';
import { createState, reduce } from '../../page/src/store.js';
import type { State } from '../../page/src/types.js';
import { ALICE, conversationView, pendingEntry } from './support/views.js';

describe('the list', () => {
  it('has the newest message first, and unsent messages above it', () => {
    const view = (letter: string, hour: number) =>
      conversationView({
        _id: letter.repeat(24),
        participants: [ALICE, letter],
        lastMessageAt: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
      });
    const conversations = [view('a', 1), view('b', 3), view('d', 2)];
    const state = reduce(createState(ALICE), { type: 'conversations', conversations });
    const order = (of: State) => listOf(of).map(({ otherId }) => otherId);
    expect(order(state)).toEqual(['b', 'd', 'a']);
    const entries = [pendingEntry(1, { conversationId: 'a'.repeat(24) })];
    expect(order(reduce(state, { type: 'queued', entries }))).toEqual(['a', 'b', 'd']);
  });
});
