import { createAudioPlayer } from 'expo-audio';
import type { SoundPlayer } from '@parley/react-native';

/** Plays the sound at an address. It is loaded when it is played for the first time. */
export function createPlayer(url: string): SoundPlayer {
  const player = createAudioPlayer(url);
  const shareOf = (): number => (player.duration > 0 ? player.currentTime / player.duration : 0);
  return {
    async play() {
      // A sound that has ended stays at its end.
      if (player.duration > 0 && player.currentTime >= player.duration) await player.seekTo(0);
      player.play();
    },
    pause: () => player.pause(),
    seek: (share) => void player.seekTo(share * player.duration),
    onProgress(listener) {
      const subscription = player.addListener('playbackStatusUpdate', ({ playing }) =>
        listener({ isPlaying: playing, share: shareOf() }),
      );
      return () => subscription.remove();
    },
    release: () => player.remove(),
  };
}
