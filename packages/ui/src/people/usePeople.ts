import { useMemo } from 'react';
import { SYSTEM_USER_ID, type UserView } from '@parley/client';
import { useConversations } from '@parley/react';
import { useTexts } from '../context.js';
import { nameOf, useClientState } from '../state.js';

/** Returns people that this device knows, by name: those with a chat first. `extra` comes from the app's own directory. */
export function usePeople(words: string, extra: readonly UserView[] = []): readonly UserView[] {
  const t = useTexts();
  const { conversations } = useConversations();
  const users = useClientState((state) => state.users);
  const ownUserId = useClientState((state) => state.userId);
  return useMemo(() => {
    const partners = conversations
      .filter(({ type }) => type === 'direct')
      .map(({ otherUserId }) => otherUserId);
    const byId = new Map([...extra, ...Object.values(users)].map((user) => [user._id, user]));
    const ids = [...new Set([...partners, ...byId.keys()])].filter(
      (id) => id !== ownUserId && id !== SYSTEM_USER_ID,
    );
    const wanted = words.trim().toLocaleLowerCase();
    return ids
      .map((id) => byId.get(id) ?? { _id: id })
      .filter((user) => `${nameOf(user, t)}\n${user._id}`.toLocaleLowerCase().includes(wanted));
  }, [words, extra, conversations, users, ownUserId, t]);
}
