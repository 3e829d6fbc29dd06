import { useEffect, useMemo, useState } from 'react';
import type { Message } from '@parley/client';
import { useTexts, useUI } from '../context.js';
import { useToast } from '../parts/Toast.js';
import { useCurrentMessage } from '../state.js';

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
  const message = useCurrentMessage(begun?.message);
  const isOver = message === undefined || (begun?.kind === 'edit' && message.deletedAt !== undefined);
  const mode = useMemo(
    () => (begun && !isOver ? { ...begun, message } : undefined),
    [begun, isOver, message],
  );
  useEffect(() => {
    // As the message is now: the text of a deleted one is not kept.
    drafts.setReply(id, mode?.kind === 'reply' ? mode.message : undefined);
  }, [drafts, id, mode]);
  useEnd(begun !== undefined && isOver, setBegun);
  return [mode, setBegun];
}

/** Calls `end`, with a notice, when the message is deleted that something was begun with. */
export function useEnd(isOver: boolean, end: (nothing: undefined) => void): void {
  const t = useTexts();
  const show = useToast();
  useEffect(() => {
    if (!isOver) return;
    end(undefined);
    show(t('deleted'));
  }, [isOver, end, show, t]);
}
