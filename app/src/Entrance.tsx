import { useCallback, useRef, type ReactNode } from 'react';
import { useAsk } from '@parley/react-native';
import { countUnsent, wipe } from './leftovers.js';
import { clearSession } from './platform/platform.js';
import { readSession, writeSession, type Session } from './session.js';
import { SignIn, type SignInProps } from './SignIn.js';
import { useAppTexts } from './texts/index.js';

/** The sign-in. A former user of this tab leaves nothing behind when another one is chosen. */
export function Entrance({ wanted, onSession }: SignInProps): ReactNode {
  const mayLeave = useMayLeave();
  // One question at a time, however often the sign-in asks.
  const isChoosing = useRef(false);
  const choose = useCallback(
    async (chosen: Session) => {
      if (isChoosing.current) return;
      isChoosing.current = true;
      const former = readSession();
      const leaves = former !== undefined && former.userId !== chosen.userId ? former : undefined;
      const isLeft = leaves === undefined || (await mayLeave(await countUnsent(leaves.userId)));
      isChoosing.current = false;
      if (!isLeft) {
        onSession(leaves);
        return;
      }
      if (leaves !== undefined) {
        await wipe(leaves.userId).catch(() => undefined);
        clearSession();
      }
      writeSession(chosen);
      onSession(chosen);
    },
    [mayLeave, onSession],
  );
  const onChosen = useCallback((chosen: Session) => void choose(chosen), [choose]);
  return <SignIn wanted={wanted} onSession={onChosen} />;
}

/** Returns the function that asks whether the user may go when messages are unsent: they are lost then. */
export function useMayLeave(): (unsentCount: number) => Promise<boolean> {
  const ask = useAsk();
  const t = useAppTexts();
  return useCallback(
    async (unsentCount) => {
      const choices = [{ label: t('signOut'), value: true }];
      return (
        unsentCount === 0 || (await ask({ title: t('leaveTitle'), text: t('leaveText'), choices })) === true
      );
    },
    [ask, t],
  );
}
