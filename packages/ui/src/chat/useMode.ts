import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Message } from '@parley/client';
import { useParley } from '@parley/react';
import { useTexts, useUI } from '../context.js';
import { useToast } from '../parts/Toast.js';
import { heldEntry, useCurrentMessage } from '../state.js';

/** The message that is answered or edited, as it is now. */
export interface ComposerMode {
  kind: 'reply' | 'edit';
  message: Message;
}

/** True for one and the same answer or edit: its message may have changed meanwhile. */
export const isSameMode = (one: ComposerMode | undefined, other: ComposerMode | undefined): boolean =>
  one?.kind === other?.kind && one?.message.seq === other?.message.seq;

type SetMode = (mode: ComposerMode | undefined) => void;

/** The answered message stays with the draft while another chat is open. An edit ends when its message is deleted. */
export function useMode(id: string): [ComposerMode | undefined, SetMode] {
  const { drafts } = useUI();
  const [begun, setBegun] = useState((): ComposerMode | undefined => {
    const message = drafts.getReply(id);
    return message && { kind: 'reply', message };
  });
  const change = useCallback<SetMode>(
    (next) => {
      setBegun(next);
      drafts.setReply(id, next?.kind === 'reply' ? next.message : undefined);
    },
    [drafts, id],
  );
  const message = useCurrentMessage(begun?.message);
  const isOver = message === undefined || (begun?.kind === 'edit' && message.deletedAt !== undefined);
  const mode = useMemo(
    () => (begun && !isOver ? { ...begun, message } : undefined),
    [begun, isOver, message],
  );
  useEffect(() => {
    // The text of a deleted message is not kept.
    if (mode?.kind === 'reply') drafts.setReply(id, mode.message);
  }, [drafts, id, mode]);
  useEnd(begun !== undefined && isOver, change);
  useLoaded(begun?.message);
  return [mode, change];
}

function useEnd(isOver: boolean, setMode: SetMode): void {
  const t = useTexts();
  const show = useToast();
  useEffect(() => {
    if (!isOver) return;
    setMode(undefined);
    show(t('deleted'));
  }, [isOver, setMode, show, t]);
}

/** A message that was answered before another chat was open may have left the memory, and been deleted since. */
function useLoaded(message: Message | undefined): void {
  const parley = useParley();
  useEffect(() => {
    if (message === undefined || heldEntry(parley.state.getSnapshot(), message) !== undefined) return;
    // Without a connection, it is asked for when the chat is opened the next time.
    void parley
      .conversation(message.conversationId)
      .loadOne(message.seq)
      .catch(() => undefined);
  }, [parley, message]);
}
