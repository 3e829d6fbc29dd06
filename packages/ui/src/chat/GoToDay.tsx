import { useState, type ReactNode } from 'react';
import type { Conversation } from '@parley/client';
import { useParley } from '@parley/react';
import { useTexts } from '../context.js';
import { Button } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { Field } from '../parts/Fields.js';
import { useAttempt } from '../parts/Toast.js';
import { firstSeqSince } from './firstSeqSince.js';

export interface GoToDayProps {
  conversation: Conversation;
  onGo: (seq: number) => void;
  onClose: () => void;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Asks for a day and shows its first message. */
export function GoToDay({ conversation, onGo, onClose }: GoToDayProps): ReactNode {
  const t = useTexts();
  const parley = useParley();
  const attempt = useAttempt();
  const [day, setDay] = useState('');
  const [isSearching, setSearching] = useState(false);
  const isValid = DAY.test(day) && !Number.isNaN(Date.parse(day));
  const go = (seq: number): void => {
    onClose();
    onGo(seq);
  };
  async function find(): Promise<void> {
    setSearching(true);
    const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
    const begin = new Date(year, month - 1, date).getTime();
    const found = await attempt(firstSeqSince(parley.conversation(conversation.id), conversation, begin));
    setSearching(false);
    if (found !== undefined) go(found.value);
  }
  const footer = (
    <>
      <Button label={t('goToFirst')} onPress={() => go(conversation.visibleFromSeq)} />
      <Button
        label={t('goToDay')}
        tone="primary"
        disabled={!isValid || isSearching}
        onPress={() => void find()}
      />
    </>
  );
  return (
    <Dialog title={t('goToDay')} onClose={onClose} footer={footer}>
      <Field
        label={t('goToDay')}
        isLabelHidden
        icon="calendar"
        placeholder="2026-11-29"
        value={day}
        onChangeText={setDay}
        onSubmitEditing={() => isValid && void find()}
        autoFocus
      />
    </Dialog>
  );
}
