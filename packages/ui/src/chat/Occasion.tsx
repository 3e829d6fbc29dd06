import { lazy, Suspense, useState, type ReactNode } from 'react';
import { Pressable, StyleSheet } from 'react-native';
import type { OccasionView } from '@parley/client';
import { useStyles, useTexts } from '../context.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import type { Theme } from '../theme/index.js';
import { useOpenConversation } from './chatContext.js';
import { lineOf, useSubjects } from './occasions.js';
import { Price, SubjectPicture } from './SubjectParts.js';

const OccasionList = lazy(async () => ({ default: (await import('./OccasionList.js')).OccasionList }));

export interface OccasionProps {
  /** Opens the product, seller or order in the app. */
  onOpenOccasion?: ((occasion: OccasionView) => void) | undefined;
}

/** The newest occasion of the chat: a product, a seller, an order. A press shows all of them. */
export function Occasion({ onOpenOccasion }: OccasionProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const subjects = useSubjects(useOpenConversation());
  const [isOpen, setOpen] = useState(false);
  const newest = subjects.at(-1);
  if (newest === undefined) return null;
  const more = subjects.length - 1;
  const open = (): void => {
    if (more === 0 && onOpenOccasion !== undefined) onOpenOccasion(newest.occasion);
    else setOpen(true);
  };
  return (
    <>
      <Pressable
        role="button"
        testID="occasion"
        onPress={open}
        style={({ hovered, pressed }) => [styles.line, (hovered === true || pressed) && styles.hover]}
      >
        <SubjectPicture subject={newest} size={32} />
        <Text size="small" numberOfLines={1} style={styles.title}>
          {lineOf(newest, t)}
        </Text>
        <Price subject={newest} />
        {more > 0 && (
          <Text size="tiny" tone="soft">
            +{more}
          </Text>
        )}
        <Icon name="forward" size={16} />
      </Pressable>
      {isOpen && (
        <Suspense fallback={null}>
          <OccasionList subjects={subjects} onOpenOccasion={onOpenOccasion} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    line: {
      flexDirection: 'row',
      alignItems: 'center',
      gap: 10,
      minHeight: 44,
      paddingHorizontal: 16,
      borderTopWidth: 1,
      borderTopColor: colors.line,
    },
    hover: { backgroundColor: colors.surfaceHover },
    title: { flex: 1, minWidth: 0 },
  });
