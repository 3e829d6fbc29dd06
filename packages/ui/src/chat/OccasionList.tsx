import type { ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import { useStyles, useTexts, useUI } from '../context.js';
import { Button } from '../parts/Buttons.js';
import { Dialog } from '../parts/Dialog.js';
import { Text } from '../parts/Text.js';
import { useNames } from '../state.js';
import type { Theme } from '../theme/index.js';
import { useChat } from './chatContext.js';
import { lineOf, titleOfSubject, type Subject } from './occasions.js';
import type { OccasionProps } from './Occasion.js';
import { Price, SubjectPicture } from './SubjectParts.js';

interface OccasionListProps extends OccasionProps {
  subjects: readonly Subject[];
  onClose: () => void;
}

/** Everything that the chat is or was about, newest first. */
export function OccasionList({ subjects, onOpenOccasion, onClose }: OccasionListProps): ReactNode {
  const t = useTexts();
  return (
    <Dialog title={t('occasions')} onClose={onClose}>
      {[...subjects].reverse().map((subject) => (
        <Row
          key={`${subject.occasion.kind} ${subject.occasion.id ?? ''} ${subject.occasion.at}`}
          subject={subject}
          onOpenOccasion={onOpenOccasion}
          onClose={onClose}
        />
      ))}
    </Dialog>
  );
}

interface RowProps extends OccasionProps {
  subject: Subject;
  onClose: () => void;
}

function Row({ subject, onOpenOccasion, onClose }: RowProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const names = useNames();
  const { formats } = useUI();
  const { commands } = useChat();
  const { occasion, seq } = subject;
  const kind = t(occasion.kind);
  const started = `${names(occasion.startedBy)} · ${formats.shortDay(occasion.at)}`;
  const showInChat = (place: number): void => {
    onClose();
    commands.jumpTo(place);
  };
  return (
    <View testID="occasion-row" style={styles.row}>
      <Pressable
        role={onOpenOccasion === undefined ? undefined : 'button'}
        aria-label={onOpenOccasion === undefined ? undefined : lineOf(subject, t)}
        disabled={onOpenOccasion === undefined}
        onPress={() => {
          onClose();
          onOpenOccasion?.(occasion);
        }}
        style={styles.subject}
      >
        <SubjectPicture subject={subject} size={56} />
        <View style={styles.texts}>
          <Text isBold>{titleOfSubject(subject) ?? kind}</Text>
          <Price subject={subject} />
          <Text size="small" tone="soft">
            {`${kind} · ${started}`}
          </Text>
        </View>
      </Pressable>
      {seq !== undefined && (
        <Button
          label={t('showInChat')}
          accessibleName={`${t('showInChat')}: ${titleOfSubject(subject) ?? kind}`}
          onPress={() => showInChat(seq)}
        />
      )}
    </View>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    row: { gap: 10, paddingVertical: 10, borderBottomWidth: 1, borderBottomColor: colors.line },
    subject: { flexDirection: 'row', alignItems: 'center', gap: 14 },
    texts: { flex: 1, minWidth: 0 },
  });
