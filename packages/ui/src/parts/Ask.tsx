import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { useTexts } from '../context.js';
import type { Once } from '../whenGone.js';
import { Button } from './Buttons.js';
import { Dialog } from './Dialog.js';
import { Text } from './Text.js';

export interface Question<Value> {
  title: string;
  text: string;
  /** Closes the question when its answer is of no use any more. */
  closeWhen?: Once | undefined;
  choices: readonly { label: string; value: Value; tone?: 'primary' | 'danger' | undefined }[];
}

/** Shows a question. Resolves with the chosen value, or with undefined when it was closed. */
export type Ask = <Value>(question: Question<Value>) => Promise<Value | undefined>;

interface Asked {
  question: Question<unknown>;
  answer: (value: unknown) => void;
}

const AskContext = createContext<Ask>(() => Promise.resolve(undefined));

export const useAsk = (): Ask => useContext(AskContext);

export function AskHost({ children }: { children: ReactNode }): ReactNode {
  const [asked, setAsked] = useState<Asked>();
  const ask = useCallback(
    (question: Question<unknown>) => new Promise<unknown>((answer) => setAsked({ question, answer })),
    [],
  );
  const close = (value?: unknown): void => {
    setAsked(undefined);
    asked?.answer(value);
  };
  return (
    // The answer is one of the values of the same question.
    <AskContext.Provider value={ask as Ask}>
      {children}
      {asked !== undefined && <QuestionDialog question={asked.question} onAnswer={close} />}
    </AskContext.Provider>
  );
}

interface QuestionDialogProps {
  question: Question<unknown>;
  onAnswer: (value?: unknown) => void;
}

function QuestionDialog({ question, onAnswer }: QuestionDialogProps): ReactNode {
  const t = useTexts();
  const { title, text, choices, closeWhen } = question;
  useEffect(() => closeWhen?.(() => onAnswer()), [closeWhen, onAnswer]);
  return (
    <Dialog title={title} onClose={() => onAnswer()}>
      {text !== '' && <Text tone="soft">{text}</Text>}
      <View style={styles.choices}>
        {choices.map(({ label, value, tone = 'danger' }) => (
          <Button key={label} label={label} tone={tone} onPress={() => onAnswer(value)} />
        ))}
        <Button label={t('cancel')} onPress={() => onAnswer()} />
      </View>
    </Dialog>
  );
}

const styles = StyleSheet.create({ choices: { gap: 10, marginTop: 6 } });
