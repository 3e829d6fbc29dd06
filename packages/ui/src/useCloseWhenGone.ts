import { useEffect, useState } from 'react';
import { useParley } from '@parley/react';
import { whenGone } from './whenGone.js';

/**
 * Closes a layer about a conversation when the user loses the conversation.
 *
 * @param isKept true while the layer is of use without the conversation, as a report is
 */
export function useCloseWhenGone(conversationId: string, onClose: () => void, isKept = false): void {
  const parley = useParley();
  const [isGone, setGone] = useState(false);
  useEffect(() => whenGone(parley, conversationId)(() => setGone(true)), [parley, conversationId]);
  useEffect(() => {
    if (isGone && !isKept) onClose();
  }, [isGone, isKept, onClose]);
}
