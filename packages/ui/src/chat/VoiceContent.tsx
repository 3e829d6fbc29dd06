import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Linking, Pressable, StyleSheet, View } from 'react-native';
import type { Attachment } from '@parley/client';
import { useAddress, useStyles, useTexts, useUI } from '../context.js';
import type { SoundPlayer } from '../device.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { useToast } from '../parts/Toast.js';
import type { Theme } from '../theme/index.js';

const BARS = 32;
const NO_WAVEFORM: readonly number[] = Array.from({ length: BARS }, (_, index) => 30 + ((index * 37) % 50));

/** A voice message: play and pause, its loudness over time, its length. */
export function VoiceContent({ attachment, isOwn }: { attachment: Attachment; isOwn: boolean }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats, theme } = useUI();
  const { isPlaying, share, toggle, seek } = usePlayer(useAddress()(attachment.url));
  const { durationMs = 0, waveform = NO_WAVEFORM } = attachment;
  const bars = sampled(waveform, BARS);
  const meta = isOwn ? theme.colors.ownBubbleMeta : theme.colors.otherBubbleMeta;
  const [width, setWidth] = useState(1);
  return (
    <View style={styles.line}>
      <Pressable
        role="button"
        aria-label={t(isPlaying ? 'pause' : 'play')}
        onPress={toggle}
        style={styles.circle}
      >
        <Icon name={isPlaying ? 'pause' : 'play'} color={theme.colors.onAccent} />
      </Pressable>
      <Pressable
        role="slider"
        aria-label={t('seek')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        onLayout={({ nativeEvent }) => setWidth(nativeEvent.layout.width)}
        onPress={({ nativeEvent }) => seek(nativeEvent.locationX / width)}
        style={styles.bars}
      >
        {bars.map((level, index) => {
          const isPlayed = index / BARS < share;
          const look = { height: 4 + level * 0.24, backgroundColor: isPlayed ? theme.colors.accent : meta };
          return <View key={index} style={[styles.bar, look, !isPlayed && styles.quiet]} />;
        })}
      </Pressable>
      <Text size="tiny" style={{ color: meta }}>
        {formats.duration(isPlaying ? durationMs * share : durationMs)}
      </Text>
    </View>
  );
}

/** Without a player of the device, the sound opens in the browser. */
function usePlayer(url: string) {
  const t = useTexts();
  const show = useToast();
  const { createPlayer } = useUI().device;
  const player = useRef<SoundPlayer | undefined>(undefined);
  const [progress, setProgress] = useState({ isPlaying: false, share: 0 });
  useEffect(
    () => () => {
      player.current?.release();
      player.current = undefined;
    },
    [url],
  );
  const require = (): SoundPlayer | undefined => {
    if (player.current === undefined && createPlayer !== undefined) {
      player.current = createPlayer(url);
      player.current.onProgress(setProgress);
    }
    return player.current;
  };
  const toggle = (): void => {
    const sound = require();
    if (sound === undefined) void Linking.openURL(url).catch(() => show(t('noApp')));
    else if (progress.isPlaying) sound.pause();
    else void sound.play().catch(() => show(t('noApp')));
  };
  return { ...progress, toggle, seek: (share: number) => require()?.seek(Math.min(1, Math.max(0, share))) };
}

/** Returns so many values out of any number of them. */
const sampled = (values: readonly number[], count: number): number[] =>
  Array.from({ length: count }, (_, index) => values[Math.floor((index * values.length) / count)] ?? 0);

const createStyles = ({ colors }: Theme) =>
  StyleSheet.create({
    line: { flexDirection: 'row', alignItems: 'center', gap: 10, minHeight: 48 },
    circle: {
      width: 44,
      height: 44,
      borderRadius: 22,
      alignItems: 'center',
      justifyContent: 'center',
      backgroundColor: colors.accentFill,
    },
    bars: { flexDirection: 'row', alignItems: 'center', gap: 2, height: 36 },
    bar: { width: 3, borderRadius: 2 },
    quiet: { opacity: 0.6 },
  });
