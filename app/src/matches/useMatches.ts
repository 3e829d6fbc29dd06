import { useCallback, useEffect, useMemo, useState } from 'react';
import type { UserView } from '@parley/client';
import { useConnectionState } from '@parley/react';
import { useClientState, type Match } from '@parley/react-native';
import { fetchMatches, type DemoMatch } from './demoMatches.js';

/** The demo's backend gives the chats of its matches this occasion. */
const isMatch = ({ kind, id }: { kind: string; id?: string | undefined }): boolean =>
  kind === 'general' && id === 'match';

/** Matches of the user: asked for at the start, with each connection, and whenever the chat of a match comes or goes. */
export function useMatches(people: readonly UserView[]): Match[] {
  const isOnline = useConnectionState().status === 'online';
  const [fetched, setFetched] = useState<readonly DemoMatch[]>();
  const conversations = useClientState((state) => state.conversations);
  const users = useClientState((state) => state.users);
  // As text, because it is made anew each time.
  const key = useMemo(
    () =>
      Object.values(conversations)
        .filter(({ occasions }) => occasions.some(isMatch))
        .map(({ id, otherUserId }) => `${id} ${otherUserId}`)
        .sort()
        .join(),
    [conversations],
  );
  const load = useCallback(() => {
    // Until the next time, those are shown whose chats are on this device.
    fetchMatches().then(setFetched, () => undefined);
  }, []);
  useEffect(() => {
    if (isOnline) load();
  }, [isOnline, key, load]);
  return useMemo(() => {
    const known = key === '' ? [] : key.split(',').map(toMatch);
    return (fetched ?? known).map(({ userId, conversationId }) => ({
      conversationId,
      user: people.find(({ _id }) => _id === userId) ?? users[userId] ?? { _id: userId },
    }));
  }, [fetched, key, people, users]);
}

function toMatch(line: string): DemoMatch {
  const [conversationId = '', userId = ''] = line.split(' ');
  return { conversationId, userId };
}
