import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Pressable, StyleSheet, View } from 'react-native';
import type { Attachment } from '@parley/client';
import { useAttachment } from '@parley/react';
import { useStyles, useTexts, useUI } from '../context.js';
import type { SoundPlayer } from '../device.js';
import { Icon } from '../parts/Icon.js';
import { Text } from '../parts/Text.js';
import { useToast } from '../parts/Toast.js';
import type { Theme } from '../theme/index.js';
import { openWebAddress } from '../openWebAddress.js';
import { useFreshAddress } from './files.js';

const BARS = 32;
const NO_WAVEFORM: readonly number[] = Array.from({ length: BARS }, (_, index) => 30 + ((index * 37) % 50));

/** A voice message. Its address is renewed when it is played. */
export function VoiceContent({ attachment, isOwn }: { attachment: Attachment; isOwn: boolean }): ReactNode {
  const { previewUrl } = useAttachment(attachment);
  const findFresh = useFreshAddress();
  const { durationMs, waveform } = attachment;
  const sound = {
    durationMs,
    waveform,
    findAddress: (isAgain: boolean) =>
      previewUrl === undefined ? findFresh(attachment, isAgain) : Promise.resolve(previewUrl),
  };
  return <VoiceLine sound={sound} isOwn={isOwn} />;
}

export interface Sound {
  durationMs: number | undefined;
  /** Loudness over time, 0 to 100. */
  waveform: readonly number[] | undefined;
  /** @param isAgain the address that it gave before does not play */
  findAddress: (isAgain: boolean) => Promise<string>;
}

/** A sound: play and pause, its loudness over time, its length. */
export function VoiceLine({ sound, isOwn }: { sound: Sound; isOwn: boolean }): ReactNode {
  const styles = useStyles(createStyles);
  const t = useTexts();
  const { formats, theme } = useUI();
  const { isPlaying, share, toggle, seek } = usePlayer(sound);
  const { durationMs = 0, waveform = NO_WAVEFORM } = sound;
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
function usePlayer({ findAddress, durationMs }: Sound) {
  const t = useTexts();
  const show = useToast();
  const { createPlayer } = useUI().device;
  const player = useRef<SoundPlayer | undefined>(undefined);
  const [progress, setProgress] = useState({ isPlaying: false, share: 0 });
  const release = (): void => {
    player.current?.release();
    player.current = undefined;
  };
  useEffect(() => release, []);
  async function require(isAgain: boolean): Promise<SoundPlayer | undefined> {
    if (player.current !== undefined || createPlayer === undefined) return player.current;
    const address = await findAddress(isAgain);
    player.current ??= createPlayer(address, durationMs);
    player.current.onProgress(setProgress);
    return player.current;
  }
  async function play(isAgain: boolean): Promise<void> {
    const sound = await require(isAgain);
    if (sound === undefined) {
      await openWebAddress(await findAddress(isAgain));
      return;
    }
    try {
      await sound.play();
    } catch (error) {
      release();
      setProgress({ isPlaying: false, share: 0 });
      if (isAgain) throw error;
      await play(true);
    }
  }
  const toggle = (): void => {
    if (progress.isPlaying) player.current?.pause();
    else void play(false).catch(() => show(t('noApp')));
  };
  const seek = (share: number): void =>
    void require(false).then((sound) => sound?.seek(Math.min(1, Math.max(0, share))));
  return { ...progress, toggle, seek };
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
