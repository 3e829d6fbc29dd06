import { useState } from 'react';
import type { Message } from '@parley/client';
import type { MessageItem, MessagesView } from '@parley/react';
import type { Anchor } from '../parts/Menu.js';
import { useCurrentMessage } from '../state.js';
import { useEnd } from './useMode.js';

/** Dialog over the chat. */
export type Shown =
  | { kind: 'actions'; item: MessageItem; anchor: Anchor | undefined }
  | { kind: 'menu'; anchor: Anchor }
  | { kind: 'media'; message: Message; index: number }
  | { kind: 'info' | 'report'; message: Message }
  | { kind: 'search' | 'day' };

/** The kinds that show what a message holds. A report holds nothing of it, and may be about a message that was deleted. */
const messageOf = (shown: Shown | undefined): Message | undefined =>
  shown?.kind === 'media' || shown?.kind === 'info' ? shown.message : undefined;

/**
 * Returns the dialog that is open over the chat. A message may be edited or deleted meanwhile: its menu is about it as it is now;
 * its pictures and its earlier texts are closed when it is deleted.
 */
export function useShown({ items }: MessagesView): [Shown | undefined, (shown: Shown | undefined) => void] {
  const [begun, setShown] = useState<Shown>();
  const about = messageOf(begun);
  const current = useCurrentMessage(about);
  const isGone = about !== undefined && (current === undefined || current.deletedAt !== undefined);
  useEnd(isGone, setShown);
  return [isGone ? undefined : begun && currentOf(begun, items), setShown];
}

function currentOf(shown: Shown, items: MessagesView['items']): Shown {
  if (shown.kind !== 'actions') return shown;
  const item = items.find(({ key }) => key === shown.item.key);
  return item?.kind === 'message' ? { ...shown, item } : shown;
}
