import { useCallback, type ReactNode } from 'react';
import {
  KeyboardAvoidingView,
  Platform,
  Pressable,
  ScrollView,
  StyleSheet,
  useWindowDimensions,
  View,
} from 'react-native';
import { useStyles, useTexts, useUI } from '../context.js';
import type { Theme } from '../theme/index.js';
import { IconButton } from './Buttons.js';
import { labelDialog } from './labelDialog.js';
import { ModalLayer } from './ModalLayer.js';
import { useReturnedFocus } from './returnFocus.js';
import { Heading } from './Text.js';

/** Width of the window in pixels from which dialogs float; below it they rise from the bottom edge. */
export const WIDE = 600;

/** Height of the window in pixels below which everything under the title scrolls: at 400 % zoom nothing else has room. */
const LOW = 320;

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Below the scrolled content. */
  footer?: ReactNode;
  /** The content scrolls by itself (a list). */
  hasOwnScroll?: boolean | undefined;
}

/** A window above everything: closed by Escape, the back key, its button, or a press beside it. Keeps the focus inside. */
export function Dialog({ title, onClose, children, footer, hasOwnScroll = false }: DialogProps): ReactNode {
  const t = useTexts();
  const styles = useStyles(createStyles);
  const { width, height } = useWindowDimensions();
  const isWide = width >= WIDE;
  const isLow = height < LOW;
  const foot = footer !== undefined && <View style={styles.footer}>{footer}</View>;
  const label = useCallback((inner: View | null) => labelDialog(inner, title), [title]);
  return (
    <Overlay onClose={onClose} isWide={isWide}>
      <View ref={label} style={[styles.sheet, isWide && styles.card]}>
        <View style={styles.head}>
          <Heading level={2} style={styles.title} numberOfLines={2}>
            {title}
          </Heading>
          <IconButton icon="close" label={t('close')} onPress={onClose} />
        </View>
        {hasOwnScroll && !isLow ? (
          <View style={styles.scroll}>{children}</View>
        ) : (
          <ScrollView style={styles.scroll} keyboardShouldPersistTaps="handled">
            <View style={!hasOwnScroll && styles.content}>{children}</View>
            {isLow && foot}
          </ScrollView>
        )}
        {!isLow && foot}
      </View>
    </Overlay>
  );
}

interface OverlayProps {
  onClose: () => void;
  /** Centres the content; else it is at the bottom edge. */
  isWide: boolean;
  /** Darkens what is behind. Default: true. */
  isDim?: boolean | undefined;
  children: ReactNode;
}

/** A layer over everything, with a scrim that closes it. */
export function Overlay({ onClose, isWide, isDim = true, children }: OverlayProps): ReactNode {
  const styles = useStyles(createStyles);
  const { direction, language } = useUI();
  const layer = useReturnedFocus();
  return (
    <ModalLayer onClose={onClose}>
      <KeyboardAvoidingView behavior={Platform.OS === 'ios' ? 'padding' : undefined} style={styles.layer}>
        <View ref={layer} dir={direction} lang={language} style={[styles.layer, isWide && styles.center]}>
          <Pressable
            aria-hidden
            tabIndex={-1}
            style={[styles.scrim, isDim && styles.dim]}
            onPress={onClose}
          />
          {children}
        </View>
      </KeyboardAvoidingView>
    </ModalLayer>
  );
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    layer: { flex: 1, justifyContent: 'flex-end' },
    center: { justifyContent: 'center', alignItems: 'center' },
    scrim: { position: 'absolute', top: 0, right: 0, bottom: 0, left: 0, opacity: 0.5 },
    dim: { backgroundColor: colors.scrim },
    sheet: {
      maxHeight: '92%',
      backgroundColor: colors.surface,
      borderTopStartRadius: 22,
      borderTopEndRadius: 22,
      overflow: 'hidden',
    },
    card: { width: 440, maxHeight: '86%', borderRadius: 18 },
    head: { flexDirection: 'row', alignItems: 'center', paddingStart: 20, paddingEnd: 8, paddingTop: 10 },
    title: { flex: 1 },
    scroll: { flexShrink: 1 },
    content: { paddingHorizontal: 20, paddingTop: 6, paddingBottom: 20, gap: 12 },
    footer: {
      flexDirection: 'row',
      justifyContent: 'flex-end',
      gap: 10,
      padding: 14,
      borderTopWidth: 1,
      borderTopColor: colors.line,
    },
  });
