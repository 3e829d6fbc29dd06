import { useState, type ReactNode } from 'react';
import type { UserView } from '@parley/client';
import {
  Button,
  Dialog,
  MatchStrip,
  nameOf,
  PersonRow,
  Text,
  useAttempt,
  useTexts,
  useToast,
  type Match,
} from '@parley/react-native';
import { goTo } from '../platform/route.js';
import { useAppTexts } from '../texts/index.js';
import { likeUser } from './demoMatches.js';
import { useMatches } from './useMatches.js';

export interface MatchesProps {
  userId: string;
  people: readonly UserView[];
  openId: string | undefined;
}

/** The user's matches above the list of chats, and others to match with. */
export function Matches({ userId, people, openId }: MatchesProps): ReactNode {
  const matches = useMatches(people);
  const [isFinding, setFinding] = useState(false);
  const others = people.filter(
    ({ _id }) => _id !== userId && !matches.some(({ user }: Match) => user._id === _id),
  );
  return (
    <>
      <MatchStrip matches={matches} openId={openId} onOpen={goTo} onFind={() => setFinding(true)} />
      {isFinding && (
        <FindMatches others={others} isUnknown={people.length === 0} onClose={() => setFinding(false)} />
      )}
    </>
  );
}

interface FindMatchesProps {
  others: readonly UserView[];
  /** The list of people has not come yet. */
  isUnknown: boolean;
  onClose: () => void;
}

function FindMatches({ others, isUnknown, onClose }: FindMatchesProps): ReactNode {
  const t = useAppTexts();
  const texts = useTexts();
  const attempt = useAttempt();
  const show = useToast();
  async function like(user: UserView): Promise<void> {
    const answered = await attempt(likeUser(user._id));
    if (answered === undefined) return;
    const name = nameOf(user, texts);
    show(t(answered.value === undefined ? 'liked' : 'itsAMatch', name));
    onClose();
    if (answered.value !== undefined) goTo(answered.value);
  }
  return (
    <Dialog title={texts('findMatches')} onClose={onClose}>
      {others.length === 0 && <Text tone="soft">{isUnknown ? texts('errorOffline') : t('allMatched')}</Text>}
      {others.map((user) => (
        <PersonRow
          key={user._id}
          user={user}
          trailing={
            <Button
              icon="match"
              label={t('likeShort')}
              accessibleName={t('like', nameOf(user, texts))}
              onPress={() => void like(user)}
            />
          }
        />
      ))}
    </Dialog>
  );
}
