import { useCallback, useEffect, useRef, useState } from 'react';
import type { ClientState } from '@parley/client';
import { isConnected } from '@parley/client/selectors';
import { useParley, type MessagesView } from '@parley/react';
import { useAttempt } from '../parts/Toast.js';
import { useClientState } from '../state.js';
import { useCurrent } from '../useCurrent.js';

const HIGHLIGHT_MS = 1_800;

type Target = { seq: number } | undefined;

/** Shows a message, however old it is: loads what is around it, then scrolls there. Waits for a connection when it needs one. */
export function useJump(first: Target, view: MessagesView) {
  const [target, setTarget] = useState(first);
  const { seek, onLeave } = useSought(view, setTarget);
  const [highlightedSeq, setHighlighted] = useState<number>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const jumpTo = useCallback(
    (seq: number) => {
      const wanted = { seq };
      setTarget(wanted);
      seek(wanted);
    },
    [seek],
  );
  useEffect(() => {
    if (first !== undefined) jumpTo(first.seq);
  }, [first, jumpTo]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onReachedTarget = useCallback((seq: number) => {
    clearTimeout(timer.current);
    setHighlighted(seq);
    timer.current = setTimeout(() => setHighlighted(undefined), HIGHLIGHT_MS);
  }, []);
  return { target, jumpTo, highlightedSeq, onReachedTarget, onLeave };
}

/** Whether messages can be loaded. Before the first connection, nothing has failed yet. */
function linkOf(state: ClientState): 'up' | 'down' | 'starting' {
  if (isConnected(state)) return 'up';
  const { status } = state.connection;
  return status === 'idle' || status === 'connecting' ? 'starting' : 'down';
}

/** Loads what is around the target: at once, and with the next connection if there was none. */
function useSought({ loadAround }: MessagesView, setTarget: (change: (current: Target) => Target) => void) {
  const { state } = useParley();
  const attempt = useAttempt();
  const link = useClientState(linkOf);
  const [sought, seek] = useState<Target>();
  useEffect(() => {
    if (sought === undefined || link === 'starting') return undefined;
    let isCurrent = true;
    void attempt(loadAround(sought.seq)).then((isFound) => {
      const waits = isFound === undefined && linkOf(state.getSnapshot()) !== 'up';
      if (!isCurrent || waits) return;
      seek(undefined);
      // A message that cannot be shown is waited for no longer: the list would jump to it when it comes in by itself.
      if (isFound?.value !== true) setTarget((current) => (current === sought ? undefined : current));
    });
    return () => {
      isCurrent = false;
    };
  }, [sought, link, loadAround, attempt, state, setTarget]);
  // A user who reads on while there is no connection is not taken away by the next one.
  const current = useCurrent(sought);
  const onLeave = useCallback(() => {
    if (current.current === undefined || linkOf(state.getSnapshot()) === 'up') return;
    seek(undefined);
    setTarget(() => undefined);
  }, [current, state, setTarget]);
  return { seek, onLeave };
}
