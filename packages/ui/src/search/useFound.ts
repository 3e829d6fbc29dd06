import { useEffect, useRef, useState } from 'react';
import type { Message } from '@parley/client';
import { useParley } from '@parley/react';
import { codeOf } from '../parts/Toast.js';
import { useClientState } from '../state.js';

const WAIT_MS = 250;

export interface Wanted {
  /** Empty for everything that a sender wrote. */
  words: string;
  conversationId: string | undefined;
  senderId: string | undefined;
}

interface Found {
  messages: readonly Message[];
  cursor: string | undefined;
  errorCode: string | undefined;
  isSearching: boolean;
}
const NOTHING: Found = { messages: [], cursor: undefined, errorCode: undefined, isSearching: true };

/** Searches when the user has stopped typing for a moment. Answers to earlier words are dropped. */
export function useFound({ words, conversationId, senderId }: Wanted) {
  const { conversations } = useParley();
  const [found, setFound] = useState(NOTHING);
  const run = useRef(0);
  const load = async (cursor: string | undefined, before: readonly Message[]): Promise<void> => {
    const own = ++run.current;
    const isCurrent = (): boolean => run.current === own;
    try {
      const page = await conversations.search({
        ...(words !== '' && { words }),
        ...(senderId !== undefined && { senderId }),
        ...(conversationId !== undefined && { conversationId }),
        ...(cursor !== undefined && { cursor }),
      });
      const messages = [...before, ...page.messages];
      if (isCurrent())
        setFound({ messages, cursor: page.nextCursor, errorCode: undefined, isSearching: false });
    } catch (error) {
      const errorCode = codeOf(error) ?? 'INTERNAL';
      if (isCurrent()) setFound({ messages: before, cursor: undefined, errorCode, isSearching: false });
    }
  };
  useEffect(() => {
    run.current += 1;
    setFound(NOTHING);
    const timer = setTimeout(() => void load(undefined, []), WAIT_MS);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `load` is made anew at each rendering.
  }, [words, conversationId, senderId, conversations]);
  const isOnline = useClientState(({ connection }) => connection.status === 'online');
  const waits = found.errorCode === 'OFFLINE';
  useEffect(() => {
    // A search that failed without a connection is repeated with the next one.
    if (isOnline && waits) void load(undefined, []);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `load` is made anew at each rendering.
  }, [isOnline, waits]);
  const more = found.cursor === undefined ? undefined : () => void load(found.cursor, found.messages);
  return { ...found, more };
}
