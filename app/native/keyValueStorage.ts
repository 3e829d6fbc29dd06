import { deleteItemAsync, getItem, setItem } from 'expo-secure-store';
import Storage from 'expo-sqlite/kv-store';

interface KeyValues {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
  removeItem: (key: string) => void;
}

/** Keeps drafts and settings in a database of the app. */
export const settingsStorage: KeyValues = {
  getItem: (key) => Storage.getItemSync(key),
  setItem: (key, value) => Storage.setItemSync(key, value),
  removeItem: (key) => void Storage.removeItemSync(key),
};

/** Keeps the session in the phone's secure storage (Keychain, Keystore): it holds a token. */
export const sessionStorage: KeyValues = {
  getItem,
  setItem,
  removeItem: (key) => void deleteItemAsync(key),
};
