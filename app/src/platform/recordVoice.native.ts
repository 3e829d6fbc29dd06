import {
  AudioModule,
  RecordingPresets,
  requestRecordingPermissionsAsync,
  setAudioModeAsync,
  type AudioRecorder,
} from 'expo-audio';
import { Platform } from 'react-native';
import type { PickedFile, Recording } from '@parley/react-native';

/** Interval at which the loudness is read, in ms. */
const METER_MS = 100;
/** Level of silence, in dB: the microphone's noise. */
const SILENCE_DB = -60;
/** Number of bars of a waveform. */
const BARS = 64;

const { ios, android, ...common } = RecordingPresets.HIGH_QUALITY ?? {};
/** AAC in an MPEG-4 container, which every platform plays. */
const OPTIONS = { ...common, ...(Platform.OS === 'ios' ? ios : android), isMeteringEnabled: true };

/** Loudness from 0 to 100. */
const levelOf = (recorder: AudioRecorder): number => {
  const { metering = SILENCE_DB } = recorder.getStatus();
  return Math.round(Math.max(0, Math.min(1, 1 - metering / SILENCE_DB)) * 100);
};

/** The loudest value of each of equal parts. */
export function waveformOf(levels: readonly number[], bars = BARS): number[] {
  if (levels.length === 0) return [];
  return Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * levels.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * levels.length) / bars));
    return Math.max(...levels.slice(from, to));
  });
}

/** Records a voice note. @throws when the user does not allow the microphone */
export async function startRecording(): Promise<Recording> {
  const { granted } = await requestRecordingPermissionsAsync();
  if (!granted) throw new Error('The microphone is not allowed.');
  await setAudioModeAsync({ allowsRecording: true, playsInSilentMode: true });
  const recorder: AudioRecorder = new AudioModule.AudioRecorder(OPTIONS);
  await recorder.prepareToRecordAsync();
  recorder.record();
  const levels: number[] = [];
  const meter = setInterval(() => levels.push(levelOf(recorder)), METER_MS);
  const end = async (): Promise<number> => {
    clearInterval(meter);
    // The length is 0 after the end.
    const durationMs = Math.round(recorder.currentTime * 1_000);
    await recorder.stop();
    await setAudioModeAsync({ allowsRecording: false });
    return durationMs;
  };
  return {
    level: () => levelOf(recorder),
    cancel: () => void end(),
    async stop(): Promise<PickedFile> {
      const durationMs = await end();
      if (recorder.uri === null) throw new Error('Nothing was recorded.');
      return {
        kind: 'voice',
        uri: recorder.uri,
        name: 'voice.m4a',
        mimeType: 'audio/mp4',
        durationMs,
        waveform: waveformOf(levels),
      };
    },
  };
}
