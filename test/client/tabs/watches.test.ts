import { describe, expect, it } from 'vitest';
import { TabWatches } from '../../../packages/client/src/tabs/watches.js';
import { LIMITS } from '../../../packages/client/src/wire/index.js';

describe('what several tabs watch over one connection', () => {
  it('a conversation is watched until the last tab has closed it', () => {
    const watches = new TabWatches();
    const watch = (tab: string, watching: boolean) =>
      watches.include(tab, 'watchConversation', { conversationId: 'c', watching }).watching;
    expect(watch('one', true)).toBe(true);
    expect(watch('two', true)).toBe(true);
    expect(watch('one', false)).toBe(true);
    expect(watch('one', false)).toBe(true);
    expect(watch('two', false)).toBe(false);
  });

  it('a tab that is gone ends what only it has watched', () => {
    const watches = new TabWatches();
    watches.include('one', 'watchConversation', { conversationId: 'both', watching: true });
    watches.include('two', 'watchConversation', { conversationId: 'both', watching: true });
    watches.include('two', 'watchConversation', { conversationId: 'own', watching: true });
    watches.include('one', 'presence:watch', { userIds: ['ada'] });
    watches.include('two', 'presence:watch', { userIds: ['ada', 'bob'] });
    expect(watches.remove('two')).toEqual({ conversationIds: ['own'], userIds: ['ada'] });
    expect(watches.remove('unknown')).toEqual({ conversationIds: [], userIds: undefined });
  });

  it('beyond the limit, the users that a tab has asked for last are watched', () => {
    const watches = new TabWatches();
    const users = (letter: string) =>
      Array.from({ length: LIMITS.maxWatchedUsers }, (_, index) => `${letter}${index}`);
    watches.include('one', 'presence:watch', { userIds: users('a') });
    const { userIds } = watches.include('two', 'presence:watch', { userIds: users('b').slice(0, 60) });
    expect(userIds).toHaveLength(LIMITS.maxWatchedUsers);
    expect(userIds.slice(0, 60)).toEqual(users('b').slice(0, 60));
  });

  it('other commands and answers stay as they are', () => {
    const watches = new TabWatches();
    const payload = { conversationId: 'c', typing: true };
    expect(watches.include('one', 'typing', payload)).toBe(payload);
    const failure = { success: false, code: 'OFFLINE', error: 'no' } as const;
    expect(watches.onlyOwn('presence:watch', { userIds: [] }, failure)).toBe(failure);
  });
});
