import { useEffect, useRef } from 'react';
import type { Conversation } from '@parley/client';
import { isFocusFree } from '../parts/freeFocus.js';
import type { RowFocus } from '../parts/useRowFocus.js';
import type { ConversationListProps } from './ConversationList.js';

interface ReturnInput extends Pick<ConversationListProps, 'openId' | 'lastOpenId'> {
  conversations: readonly Conversation[];
  focusAt: RowFocus['focusAt'];
}

/**
 * Focuses the row of the chat that the user comes back from, in browsers; when the chat is not listed any more (deleted, another
 * filter), the row in its place. Leaves the focus where the user has put it.
 */
export function useFocusOnReturn({ conversations, openId, lastOpenId, focusAt }: ReturnInput): void {
  const place = useRef(0);
  useEffect(() => {
    const index = conversations.findIndex(({ id }) => id === (openId ?? lastOpenId));
    if (index !== -1) place.current = index;
  }, [conversations, openId, lastOpenId]);
  useEffect(() => {
    if (lastOpenId !== undefined && isFocusFree()) focusAt(place.current);
  }, [lastOpenId, focusAt]);
}
