import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import {
  Platform,
  StyleSheet,
  TextInput,
  useWindowDimensions,
  View,
  type NativeSyntheticEvent,
  type TextInputKeyPressEventData,
} from 'react-native';
import { LIMITS } from '@parley/client';
import { useParley } from '@parley/react';
import { closedReasonOf, quoteOf, type ClosedReason } from '@parley/client/selectors';
import { useStyles, useTexts, useUI, type TextKey } from '../context.js';
import { Button, IconButton } from '../parts/Buttons.js';
import { WIDE } from '../parts/Dialog.js';
import { NO_OUTLINE } from '../parts/Fields.js';
import { Text } from '../parts/Text.js';
import { TooLong } from '../parts/TooLong.js';
import { useFocusAfter } from '../parts/useFocusAfter.js';
import { fits } from '../lengths.js';
import { nameOf, titleOf } from '../state.js';
import { wordsOf } from '../summary.js';
import type { Theme } from '../theme/index.js';
import { useChatActions } from '../list/useChatActions.js';
import { AttachButton } from './AttachButton.js';
import type { AttachmentTray } from './attachmentTray.js';
import { useChat, useOpenConversation } from './chatContext.js';
import { isBehind } from './isBehind.js';
import { Tray } from './Tray.js';
import { useAttachmentTray } from './useAttachmentTray.js';
import type { ComposerMode } from './useMode.js';
import { useVoiceSending, useWriting, type WritingInput } from './useWriting.js';

const VoiceRecorder = lazy(async () => ({
  default: (await import('../media/VoiceRecorder.js')).VoiceRecorder,
}));

export type ComposerProps = WritingInput;

const CLOSED_KEYS: Readonly<Record<ClosedReason, TextKey>> = {
  blocked: 'closedBlocked',
  closed: 'closedClosed',
  postersOnly: 'closedPosters',
};

/** Where one writes, answers and edits; or the reason why one cannot. */
export function Composer(props: ComposerProps): ReactNode {
  const conversation = useOpenConversation();
  const reason = closedReasonOf(conversation);
  const { hasUploads } = useParley();
  if (reason !== undefined) return <Closed reason={reason} />;
  if (hasUploads && props.attachments === undefined)
    return <UploadingComposer key={conversation.id} {...props} />;
  return <OpenComposer key={conversation.id} {...props} />;
}

/** Files go through the SDK, unless the app has a tray of its own. */
function UploadingComposer(props: ComposerProps): ReactNode {
  const tray = useAttachmentTray(useOpenConversation().id);
  return <OpenComposer {...props} attachments={tray} />;
}

function Closed({ reason }: { reason: ClosedReason }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const conversation = useOpenConversation();
  const { unblock } = useChatActions();
  return (
    <View style={styles.closed}>
      <Text tone="soft">{t(CLOSED_KEYS[reason])}</Text>
      {reason === 'blocked' && (
        <Button label={t('unblock')} onPress={() => void unblock(conversation.otherUserId)} />
      )}
    </View>
  );
}

function OpenComposer(props: ComposerProps): ReactNode {
  const { mode, setMode, attachments } = props;
  const styles = useStyles(createStyles);
  const t = useTexts();
  const conversation = useOpenConversation();
  const { slots } = useChat();
  const { device } = useUI();
  const input = useRef<TextInput>(null);
  const writing = useWriting(props, input);
  const { text, setText, submit, maySend } = writing;
  const { isRecording, setRecording, microphone } = useRecording(input);
  // The voice message needs its place, and what is dropped would not be seen.
  useDroppedFiles(isRecording ? undefined : attachments, input);
  const toolbar = { conversation, text, setText, send: submit };
  const mayRecord = device.startRecording !== undefined && hasPlace(attachments) && mode?.kind !== 'edit';
  if (slots.renderInputToolbar !== undefined) return slots.renderInputToolbar(toolbar);
  if (isRecording && attachments !== undefined)
    return <Recorder {...props} onDone={() => setRecording(false)} />;
  return (
    <View style={styles.composer}>
      {mode !== undefined && (
        <Mode mode={mode} isOutdated={writing.isOutdated} onCancel={() => setMode(undefined)} />
      )}
      {attachments !== undefined && <Tray tray={attachments} />}
      <TooLong text={text} max={LIMITS.maxTextChars} style={styles.note} />
      <View style={styles.line}>
        {slots.renderActions?.(toolbar) ?? <AttachButton {...props} />}
        <MessageField
          input={input}
          writing={writing}
          isInvalid={!fits(text, LIMITS.maxTextChars)}
          onCancel={mode && (() => setMode(undefined))}
        />
        {slots.renderSend?.(toolbar) ??
          (mayRecord && !maySend ? (
            <Microphone ref={microphone} onPress={() => setRecording(true)} />
          ) : (
            <IconButton
              icon={mode?.kind === 'edit' ? 'check' : 'send'}
              label={t(mode?.kind === 'edit' ? 'save' : 'send')}
              tone="primary"
              disabled={!maySend}
              onPress={submit}
            />
          ))}
      </View>
    </View>
  );
}

const hasPlace = (tray: AttachmentTray | undefined): boolean =>
  tray !== undefined && tray.items.length < LIMITS.maxAttachments;

/** The microphone takes the focus back, unless the field stands alone. */
function useRecording(input: React.RefObject<TextInput | null>) {
  const [isRecording, setRecording] = useState(false);
  const microphone = useRef<View>(null);
  useFocusAfter(isRecording, () => microphone.current ?? input.current);
  return { isRecording, setRecording, microphone };
}

const Microphone = ({ ref, onPress }: { ref: React.Ref<View>; onPress: () => void }): ReactNode => (
  <IconButton ref={ref} icon="voice" label={useTexts()('recordVoice')} onPress={onPress} />
);

function Recorder({ onDone, ...props }: ComposerProps & { onDone: () => void }): ReactNode {
  const sendVoice = useVoiceSending(props);
  return (
    <Suspense fallback={null}>
      <VoiceRecorder onRecorded={sendVoice} onDone={onDone} />
    </Suspense>
  );
}

interface MessageFieldProps {
  input: React.RefObject<TextInput | null>;
  writing: ReturnType<typeof useWriting>;
  isInvalid: boolean;
  /** Ends answering or editing; undefined while neither is under way. */
  onCancel: (() => void) | undefined;
}

const LINE_HEIGHT = 22;
const MAX_LINES = 8;

function MessageField({ input, writing, isInvalid, onCancel }: MessageFieldProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { theme, direction } = useUI();
  const conversation = useOpenConversation();
  const { text, setText, submit, editLast } = writing;
  const [height, setHeight] = useState(LINE_HEIGHT);
  const [isFocused, setFocused] = useState(false);
  const isWide = useWindowDimensions().width >= WIDE;
  const label = t('messageTo', { name: titleOf(conversation, t) });
  const onKeyPress = (event: NativeSyntheticEvent<TextInputKeyPressEventData>): void => {
    if (Platform.OS !== 'web') return;
    const { key, isComposing, shiftKey } = event.nativeEvent as TextInputKeyPressEventData &
      Partial<KeyboardEvent>;
    if (isComposing === true) return;
    if (key === 'Enter' && shiftKey !== true) submit();
    else if (key === 'ArrowUp' && text === '') editLast();
    else if (key === 'Escape' && onCancel !== undefined) onCancel();
    else return;
    event.preventDefault();
  };
  return (
    <View style={[styles.field, isFocused && styles.focused, isInvalid && styles.invalid]}>
      <TextInput
        ref={input}
        multiline
        dir={text === '' ? direction : 'auto'}
        aria-label={label}
        aria-invalid={isInvalid}
        placeholder={isWide ? label : t('messageField')}
        placeholderTextColor={theme.colors.textSoft}
        value={text}
        onChangeText={setText}
        onKeyPress={onKeyPress}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onContentSizeChange={({ nativeEvent }) => setHeight(nativeEvent.contentSize.height)}
        style={[
          styles.input,
          NO_OUTLINE,
          {
            height:
              text === '' ? LINE_HEIGHT : Math.min(Math.max(height, LINE_HEIGHT), LINE_HEIGHT * MAX_LINES),
          },
        ]}
      />
    </View>
  );
}

/** Adds what is dropped or pasted, except onto a dialog: nobody would see it arrive in the chat behind. */
function useDroppedFiles(
  attachments: AttachmentTray | undefined,
  input: React.RefObject<TextInput | null>,
): void {
  const { onFiles } = useUI().device;
  const add = attachments?.add;
  useEffect(() => {
    if (add === undefined) return undefined;
    return onFiles?.((files) => {
      if (!isBehind(input.current)) add(files);
    });
  }, [onFiles, add, input]);
}

interface ModeProps {
  mode: ComposerMode;
  /** The message was edited elsewhere, and the field has other changes. */
  isOutdated: boolean;
  onCancel: () => void;
}

function Mode({ mode, isOutdated, onCancel }: ModeProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { message, kind } = mode;
  const { content, kind: quoted } = quoteOf(message);
  return (
    <View style={styles.mode}>
      <View style={styles.modeBar} />
      <View style={styles.modeTexts}>
        {isOutdated ? (
          <Text role="alert" size="small" isBold tone="danger">
            {t('editedMeanwhile')}
          </Text>
        ) : (
          <Text size="small" isBold tone="accent" numberOfLines={1}>
            {kind === 'edit' ? t('editing') : t('replyTo', { name: nameOf(message.sender, t) })}
          </Text>
        )}
        <Text size="small" tone="soft" numberOfLines={1} dir="auto">
          {wordsOf({ kind: quoted, content }, t)}
        </Text>
      </View>
      <IconButton icon="close" label={t('cancel')} onPress={onCancel} />
    </View>
  );
}

const createStyles = ({ colors, sizes, fontFamily }: Theme) =>
  StyleSheet.create({
    composer: {
      backgroundColor: colors.surface,
      borderTopWidth: 1,
      borderTopColor: colors.line,
      paddingHorizontal: 8,
      paddingVertical: 8,
      gap: 6,
    },
    closed: {
      backgroundColor: colors.surface,
      borderTopWidth: 1,
      borderTopColor: colors.line,
      padding: 14,
      gap: 10,
      alignItems: 'center',
    },
    line: { flexDirection: 'row', alignItems: 'flex-end', gap: 6 },
    field: {
      flex: 1,
      minWidth: 0,
      minHeight: sizes.target,
      justifyContent: 'center',
      borderRadius: sizes.target / 2,
      paddingHorizontal: 16,
      paddingVertical: 9,
      backgroundColor: colors.surfaceSunk,
      borderWidth: 2,
      borderColor: colors.surfaceSunk,
    },
    focused: { borderColor: colors.accent },
    invalid: { borderColor: colors.danger },
    input: {
      padding: 0,
      color: colors.text,
      fontSize: sizes.text,
      lineHeight: LINE_HEIGHT,
      ...(fontFamily !== undefined && { fontFamily }),
    },
    note: { paddingHorizontal: 16 },
    mode: { flexDirection: 'row', alignItems: 'center', gap: 10, paddingStart: 12 },
    modeBar: { width: 3, height: 34, borderRadius: 2, backgroundColor: colors.accent },
    modeTexts: { flex: 1, minWidth: 0 },
  });
