import { useCallback, useEffect, useMemo, useState } from 'react';
import type { UserView } from '@parley/client';
import { useConnectionState } from '@parley/react';
import { useClientState, type Match } from '@parley/react-native';
import { useKnownUsers } from '../useKnownUsers.js';
import { fetchMatches, type DemoMatch } from './demoMatches.js';

/** The demo's backend gives the chats of its matches this occasion. */
const isMatch = ({ kind, id }: { kind: string; id?: string | undefined }): boolean =>
  kind === 'general' && id === 'match';

/** Matches of the user: asked for at the start, with each connection, and whenever the chat of a match comes or goes. */
export function useMatches(people: readonly UserView[]): Match[] {
  const isOnline = useConnectionState().status === 'online';
  const [fetched, setFetched] = useState<readonly DemoMatch[]>();
  const conversations = useClientState((state) => state.conversations);
  const userOf = useKnownUsers(people);
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
      user: userOf(userId),
    }));
  }, [fetched, key, userOf]);
}

function toMatch(line: string): DemoMatch {
  const [conversationId = '', userId = ''] = line.split(' ');
  return { conversationId, userId };
}
