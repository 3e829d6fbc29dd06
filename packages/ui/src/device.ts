import type { AttachmentKind, Location } from '@parley/client';

/** A file that the user has chosen. `uri` can be shown at once (`blob:` on the web, `file:` on phones). */
export interface PickedFile {
  kind: AttachmentKind;
  name: string;
  mimeType: string;
  sizeBytes?: number | undefined;
  uri: string;
  /** The bytes, on the web. */
  blob?: Blob | undefined;
  durationMs?: number | undefined;
  /** Loudness over time, 0 to 100. */
  waveform?: number[] | undefined;
}

export interface Recording {
  /** Ends the recording and returns it. */
  stop: () => Promise<PickedFile>;
  cancel: () => void;
  /** Loudness at this moment, 0 to 100. */
  level: () => number;
}

export interface SoundPlayer {
  play: () => Promise<void>;
  pause: () => void;
  /** @param share position, 0 to 1 */
  seek: (share: number) => void;
  /** Calls back while it plays. @returns a function that removes the listener */
  onProgress: (listener: (progress: SoundProgress) => void) => () => void;
  release: () => void;
}

export interface SoundProgress {
  isPlaying: boolean;
  /** 0 to 1. */
  share: number;
}

/**
 * Abilities of the device that React Native leaves to libraries. Each is optional: without it, the components leave out the
 * button. `webDevice()` of `@parley/react-native/web` is that of a browser; phones pass functions of their libraries.
 */
export interface Device {
  /** Address of the server, for files that it keeps itself: their addresses are paths. */
  serverUrl?: string | undefined;
  /** Resolves with nothing when the user has cancelled. */
  pickFiles?: ((source: 'photos' | 'camera' | 'files') => Promise<readonly PickedFile[]>) | undefined;
  getLocation?: (() => Promise<Location | undefined>) | undefined;
  /** Rejects when the user does not allow the microphone. */
  startRecording?: (() => Promise<Recording>) | undefined;
  /** @param durationMs length, for sounds that do not tell it themselves */
  createPlayer?: ((url: string, durationMs?: number) => SoundPlayer) | undefined;
  /** Saves a file of the server. Without it, its address is opened. */
  download?: ((url: string, name: string) => Promise<void>) | undefined;
  copyText?: ((text: string) => Promise<void>) | undefined;
  /** Reports files that are pasted or dropped anywhere. @returns a function that ends it */
  onFiles?: ((listener: (files: readonly PickedFile[]) => void) => () => void) | undefined;
  /** True where a keyboard is likely: the message field is then focused when a chat opens. */
  hasKeyboard?: boolean | undefined;
}
