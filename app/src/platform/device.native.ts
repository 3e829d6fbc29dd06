import { setStringAsync } from 'expo-clipboard';
import { getCurrentPositionAsync, requestForegroundPermissionsAsync } from 'expo-location';
import type { Device } from '@parley/react-native';
import { pickFiles } from './pickFiles';
import { createPlayer } from './playSound';
import { startRecording } from './recordVoice';

async function getLocation(): Promise<{ latitude: number; longitude: number } | undefined> {
  const { granted } = await requestForegroundPermissionsAsync();
  if (!granted) return undefined;
  const { coords } = await getCurrentPositionAsync();
  return { latitude: coords.latitude, longitude: coords.longitude };
}

/** Abilities of a phone, by Expo's libraries. */
export const phone: Device = {
  pickFiles,
  getLocation,
  startRecording,
  createPlayer,
  copyText: async (text) => void (await setStringAsync(text)),
  hasKeyboard: false,
};
