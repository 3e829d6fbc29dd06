import { useEffect, useState } from 'react';
import type { TextInput } from 'react-native';
import { LIMITS, type Conversation, type Message } from '@parley/client';
import { isMessage, logOf } from '@parley/client/selectors';
import { useParley } from '@parley/react';
import { useUI } from '../context.js';
import type { PickedFile } from '../device.js';
import { cleanText, fits } from '../lengths.js';
import { useAttempt } from '../parts/Toast.js';
import { useOwnUserId } from '../state.js';
import { useCurrent } from '../useCurrent.js';
import type { AttachFormKind } from './attachForms.js';
import type { AttachmentTray } from './attachmentTray.js';
import { useOpenConversation } from './chatContext.js';
import { focusAtEnd } from './focusAtEnd.js';
import { isSameMode, type ComposerMode } from './useMode.js';
import { useModeText } from './useModeText.js';

export interface WritingInput {
  mode: ComposerMode | undefined;
  setMode: (mode: ComposerMode | undefined) => void;
  onSent: () => void;
  attachments?: AttachmentTray | undefined;
  /** Forms in the menu of the button beside the field. */
  attachForms?: readonly AttachFormKind[] | undefined;
}

/** Text, draft and sending. */
export function useWriting(props: WritingInput, input: React.RefObject<TextInput | null>) {
  const { mode, setMode, onSent, attachments } = props;
  const conversation = useOpenConversation();
  const parley = useParley();
  const attempt = useAttempt();
  const { drafts, device } = useUI();
  const handle = parley.conversation(conversation.id);
  const [text, setTextOnly] = useState(() => drafts.get(conversation.id));
  const [isSaving, setSaving] = useState(false);
  const draft = (): string => drafts.get(conversation.id);
  const isBehind = useModeText({ mode, draft, text, setText: setTextOnly, input });
  useEffect(() => {
    if (device.hasKeyboard === true) focusAtEnd(input.current);
    return () => handle.stopTyping();
  }, [handle, input, device]);
  const isEdit = mode?.kind === 'edit';
  const maySend = !isSaving && isSendable(text, props);
  const setText = (next: string): void => {
    setTextOnly(next);
    if (isEdit) return;
    drafts.set(conversation.id, next);
    if (cleanText(next) === '') handle.stopTyping();
    else handle.sendTyping();
  };
  const current = useCurrent(mode);
  async function save(message: Message, content: string): Promise<void> {
    const begun = mode;
    setSaving(true);
    const isSaved =
      content === message.content || (await attempt(handle.edit(message.seq, content))) !== undefined;
    setSaving(false);
    // Meanwhile, another message may be answered or edited.
    if (isSaved && isSameMode(current.current, begun)) setMode(undefined);
  }
  const submit = (): void => {
    if (!maySend) return;
    if (isEdit) return void save(mode.message, cleanText(text));
    const content = { text: cleanText(text), ...(mode !== undefined && { replyTo: mode.message.seq }) };
    setTextOnly('');
    drafts.set(conversation.id, '');
    if (attachments !== undefined && attachments.items.length > 0) attachments.send(content);
    else handle.sendMessage(content);
    setMode(undefined);
    onSent();
    input.current?.focus();
  };
  const editLast = useEditLast(conversation, setMode);
  return { text, setText, submit, maySend, editLast, isOutdated: isBehind && !isSaving };
}

function isSendable(text: string, { mode, attachments }: WritingInput): boolean {
  if (!fits(text, LIMITS.maxTextChars)) return false;
  const hasText = cleanText(text) !== '';
  // A picture keeps its place without the text beside it.
  if (mode?.kind === 'edit') return hasText || mode.message.kind !== 'text';
  const fileCount = attachments?.items.length ?? 0;
  return fileCount <= LIMITS.maxAttachments && (hasText || fileCount > 0);
}

/** Returns the function that sends a voice message: at once, unless other files wait for their caption. */
export function useVoiceSending({ mode, setMode, onSent, attachments }: WritingInput) {
  return (file: PickedFile): void => {
    if (attachments === undefined) return;
    attachments.add([file]);
    if (attachments.items.length > 0) return;
    attachments.send({ text: '', ...(mode !== undefined && { replyTo: mode.message.seq }) });
    setMode(undefined);
    onSent();
  };
}

/** Returns a function that begins to edit the newest of one's own messages. */
function useEditLast({ id }: Conversation, setMode: (mode: ComposerMode) => void): () => void {
  const { state } = useParley();
  const ownUserId = useOwnUserId();
  return () => {
    const last = logOf(state.getSnapshot(), id)
      .filter(isMessage)
      .reverse()
      .find(
        ({ senderId, deletedAt, content, kind }) =>
          senderId === ownUserId && deletedAt === undefined && content !== '' && kind !== 'system',
      );
    if (last !== undefined) setMode({ kind: 'edit', message: last });
  };
}
