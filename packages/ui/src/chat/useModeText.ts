import { useEffect, useRef, useState } from 'react';
import type { TextInput } from 'react-native';
import { cleanText } from '../lengths.js';
import { isSameMode, type ComposerMode } from './useMode.js';

interface ModeTextInput {
  mode: ComposerMode | undefined;
  draft: () => string;
  text: string;
  setText: (text: string) => void;
  input: React.RefObject<TextInput | null>;
}

/** The text that an edit has begun with. */
interface Base {
  seq: number;
  content: string;
}

/**
 * Editing replaces the draft in the field; its end brings the draft back. An edit from elsewhere is taken into a field that is
 * unchanged.
 *
 * @returns whether the message was edited elsewhere since the user has changed the field: saving would overwrite that
 */
export function useModeText({ mode, draft, text, setText, input }: ModeTextInput): boolean {
  const previous = useRef<ComposerMode | undefined>(undefined);
  const [base, setBase] = useState<Base>();
  const { seq, content } = mode?.kind === 'edit' ? mode.message : { seq: undefined, content: '' };
  const isBehind = base !== undefined && base.seq === seq && base.content !== content;
  const isUnchanged = text === base?.content || cleanText(text) === content;
  useEffect(() => {
    const before = previous.current;
    previous.current = mode;
    if (isSameMode(before, mode)) return;
    if (mode?.kind === 'edit') {
      setText(mode.message.content);
      setBase({ seq: mode.message.seq, content: mode.message.content });
    } else if (before?.kind === 'edit') setText(draft());
    if (mode !== undefined) input.current?.focus();
  }, [mode, draft, setText, input]);
  useEffect(() => {
    if (!isBehind || !isUnchanged) return;
    setText(content);
    setBase({ seq, content });
  }, [isBehind, isUnchanged, seq, content, setText]);
  return isBehind && !isUnchanged;
}
