import { useEffect, useRef, useState, type ReactNode } from 'react';
import { StyleSheet, View } from 'react-native';
import { useStyles, useTexts, useUI } from '../context.js';
import type { PickedFile, Recording } from '../device.js';
import { IconButton } from '../parts/Buttons.js';
import { isFocusFree } from '../parts/freeFocus.js';
import { Text } from '../parts/Text.js';
import { useToast } from '../parts/Toast.js';
import type { Theme } from '../theme/index.js';
import { useCurrent } from '../useCurrent.js';

export interface VoiceRecorderProps {
  onRecorded: (file: PickedFile) => void;
  /** The recording was sent, discarded, or not allowed. */
  onDone: () => void;
}

const SAMPLE_MS = 100;
const SHOWN = 40;

/** Records as soon as it is shown. Stands in the place of the composer. */
export function VoiceRecorder({ onRecorded, onDone }: VoiceRecorderProps): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats } = useUI();
  const { levels, send, discard } = useRecording(onRecorded, onDone);
  const button = useRef<View>(null);
  // The button that began the recording is gone.
  useEffect(() => {
    if (isFocusFree()) button.current?.focus();
  }, []);
  return (
    <View style={styles.bar}>
      <IconButton icon="trash" tone="danger" label={t('discardRecording')} onPress={discard} />
      <View style={styles.dot} />
      <Text
        role="timer"
        style={styles.time}
        aria-label={t('recording', { time: formats.duration(levels.length * SAMPLE_MS) })}
      >
        {formats.duration(levels.length * SAMPLE_MS)}
      </Text>
      <View aria-hidden style={styles.levels}>
        {levels.slice(-SHOWN).map((level, index) => (
          <View key={index} style={[styles.level, { height: 4 + level * 0.26 }]} />
        ))}
      </View>
      <IconButton
        ref={button}
        icon="send"
        tone="primary"
        label={t('stopRecording')}
        onPress={() => void send()}
      />
    </View>
  );
}

function useRecording(onRecorded: (file: PickedFile) => void, onDone: () => void) {
  const t = useTexts();
  const show = useToast();
  const { startRecording } = useUI().device;
  const recording = useRef<Recording | undefined>(undefined);
  const done = useCurrent(onDone);
  const [levels, setLevels] = useState<readonly number[]>([]);
  useEffect(() => {
    let isEnded = false;
    startRecording?.().then(
      (started) => {
        if (isEnded) started.cancel();
        else recording.current = started;
      },
      () => {
        show(t('noMicrophone'));
        done.current();
      },
    );
    const timer = setInterval(() => {
      const { current } = recording;
      if (current !== undefined) setLevels((before) => [...before, current.level()]);
    }, SAMPLE_MS);
    return () => {
      isEnded = true;
      clearInterval(timer);
      recording.current?.cancel();
      recording.current = undefined;
    };
    // A change of the language does not begin the recording anew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [startRecording]);
  async function send(): Promise<void> {
    const { current } = recording;
    recording.current = undefined;
    if (current !== undefined) {
      const file = await current.stop();
      const { durationMs = levels.length * SAMPLE_MS, waveform = [...levels] } = file;
      // Copying would read its address, which browsers make then.
      onRecorded(Object.assign(file, { durationMs, waveform }));
    }
    onDone();
  }
  return { levels, send, discard: onDone };
}

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    bar: {
      flexDirection: 'row',
      alignItems: 'center',
      gap: 10,
      padding: 8,
      backgroundColor: colors.surface,
      borderTopWidth: 1,
      borderTopColor: colors.line,
    },
    dot: { width: 10, height: 10, borderRadius: 5, backgroundColor: colors.danger },
    time: { minWidth: 44 },
    levels: {
      flex: 1,
      flexDirection: 'row',
      alignItems: 'center',
      justifyContent: 'flex-end',
      gap: 2,
      height: 34,
      overflow: 'hidden',
    },
    level: { width: 3, borderRadius: 2, backgroundColor: colors.accent },
  });
