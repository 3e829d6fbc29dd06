import { useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { LIMITS, type AttachmentKind } from '@parley/client';
import { useTexts, useUI } from '../context.js';
import { cleanText, fits } from '../lengths.js';
import { Button } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { ChoiceRow, Field } from '../parts/Fields.js';
import { Text } from '../parts/Text.js';
import { useAttempt, useToast } from '../parts/Toast.js';
import {
  ADDRESS_KINDS,
  ATTACH_FORMS,
  type AttachFormKind,
  type Carried,
  type FieldValues,
} from './attachForms.js';

export interface AttachDialogProps {
  kind: AttachFormKind;
  /** @param caption text beside it; may be empty */
  onSend: (carried: Carried, caption: string) => void;
  onClose: () => void;
}

/** Fields for what is sent besides text and files. Says at each field what is wrong with it. */
export function AttachDialog({ kind, onSend, onClose }: AttachDialogProps): ReactNode {
  const t = useTexts();
  const { title, fields, read } = ATTACH_FORMS[kind];
  const [values, setValues] = useState<FieldValues>({});
  const [isAsked, setAsked] = useState(false);
  const set = (name: string, value: string): void => setValues((before) => ({ ...before, [name]: value }));
  const trimmed = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, cleanText(value)]));
  const result = read(trimmed);
  const caption = trimmed['caption'] ?? '';
  const areShort = fields.every(({ name, maxChars = Infinity }) => fits(values[name] ?? '', maxChars));
  const maySend = areShort && fits(caption, LIMITS.maxTextChars);
  const problems = isAsked && 'problems' in result ? result.problems : {};
  const send = (): void => {
    setAsked(true);
    if ('problems' in result || !maySend) return;
    onClose();
    onSend(result.carried, caption);
  };
  return (
    <Dialog
      title={t(title)}
      onClose={onClose}
      footer={<Button label={t('send')} tone="primary" disabled={!maySend} onPress={send} />}
    >
      {kind === 'address' && <KindChoice value={values['kind']} onChange={(value) => set('kind', value)} />}
      {fields.map(({ name, label, isNumber = false, ...field }) => (
        <CheckedField
          key={name}
          label={t(label)}
          problem={problems[name] && t(problems[name])}
          value={values[name] ?? ''}
          onChangeText={(value) => set(name, value)}
          inputMode={isNumber ? 'decimal' : 'text'}
          onSubmitEditing={send}
          {...field}
        />
      ))}
      {kind === 'place' && <MyPosition set={set} />}
      <Field
        label={t('captionField')}
        maxChars={LIMITS.maxTextChars}
        autoCapitalize="none"
        value={values['caption'] ?? ''}
        onChangeText={(value) => set('caption', value)}
        onSubmitEditing={send}
      />
    </Dialog>
  );
}

interface CheckedFieldProps extends React.ComponentProps<typeof Field> {
  problem: string | undefined;
}

function CheckedField({ problem, ...field }: CheckedFieldProps): ReactNode {
  return (
    <View style={styles.field}>
      <Field aria-invalid={problem !== undefined} autoCapitalize="none" {...field} />
      {problem !== undefined && (
        <Text role="alert" size="small" tone="danger" style={styles.problem}>
          {problem}
        </Text>
      )}
    </View>
  );
}

interface KindChoiceProps {
  value: string | undefined;
  onChange: (kind: AttachmentKind) => void;
}

function KindChoice({ value, onChange }: KindChoiceProps): ReactNode {
  const t = useTexts();
  return (
    <ChoiceRow
      label={t('kindField')}
      value={ADDRESS_KINDS.find((kind) => kind === value) ?? 'image'}
      choices={ADDRESS_KINDS.map((kind) => ({ value: kind, label: t(kind) }))}
      onChange={onChange}
    />
  );
}

/** Fills in the position of the device, where it can tell. */
function MyPosition({ set }: { set: (name: string, value: string) => void }): ReactNode {
  const t = useTexts();
  const show = useToast();
  const attempt = useAttempt();
  const { getLocation } = useUI().device;
  const [isAsking, setAsking] = useState(false);
  if (getLocation === undefined) return null;
  const fill = async (): Promise<void> => {
    setAsking(true);
    const found = await attempt(getLocation());
    setAsking(false);
    if (found === undefined) return;
    if (found.value === undefined) {
      show(t('noPosition'));
      return;
    }
    set('latitude', String(found.value.latitude));
    set('longitude', String(found.value.longitude));
  };
  return <Button icon="location" label={t('myPosition')} disabled={isAsking} onPress={() => void fill()} />;
}

const styles = StyleSheet.create({ field: { gap: 4 }, problem: { paddingHorizontal: 14 } });
