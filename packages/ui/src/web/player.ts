import type { SoundPlayer, SoundProgress } from '../device.js';

/** Plays a sound with an `Audio` element. */
export function createPlayer(url: string): SoundPlayer {
  const audio = new Audio(url);
  const listeners = new Set<(progress: SoundProgress) => void>();
  const report = (): void => {
    const share = audio.duration > 0 ? audio.currentTime / audio.duration : 0;
    for (const listener of listeners) listener({ isPlaying: !audio.paused && !audio.ended, share });
  };
  for (const name of ['play', 'pause', 'timeupdate', 'ended'] as const) audio.addEventListener(name, report);
  return {
    play: () => audio.play(),
    pause: () => audio.pause(),
    seek(share) {
      if (audio.duration > 0) audio.currentTime = share * audio.duration;
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
