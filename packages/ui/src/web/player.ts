import type { SoundPlayer, SoundProgress } from '../device.js';

/** Plays a sound with an `Audio` element. @param durationMs length, for recordings of browsers that do not tell it */
export function createPlayer(url: string, durationMs = 0): SoundPlayer {
  const audio = new Audio(url);
  /** Seconds. */
  const lengthOf = (): number => (Number.isFinite(audio.duration) ? audio.duration : durationMs / 1_000);
  const listeners = new Set<(progress: SoundProgress) => void>();
  const report = (): void => {
    const share = lengthOf() > 0 ? Math.min(1, audio.currentTime / lengthOf()) : 0;
    for (const listener of listeners) listener({ isPlaying: !audio.paused && !audio.ended, share });
  };
  for (const name of ['play', 'pause', 'timeupdate', 'ended'] as const) audio.addEventListener(name, report);
  return {
    play: () => audio.play(),
    pause: () => audio.pause(),
    seek(share) {
      if (lengthOf() > 0) audio.currentTime = share * lengthOf();
    },
    onProgress(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    release() {
      audio.pause();
      listeners.clear();
      audio.removeAttribute('src');
    },
  };
}
