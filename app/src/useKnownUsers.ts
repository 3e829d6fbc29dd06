import { useCallback } from 'react';
import type { UserView } from '@parley/client';
import { useClientState } from '@parley/react-native';

/** Returns the function that gives a user as far as this device or the app's list of people knows them. */
export function useKnownUsers(people: readonly UserView[]): (userId: string) => UserView {
  const users = useClientState((state) => state.users);
  return useCallback(
    (userId) => users[userId] ?? people.find(({ _id }) => _id === userId) ?? { _id: userId },
    [users, people],
  );
}
