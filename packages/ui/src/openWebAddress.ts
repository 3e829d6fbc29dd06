import { Linking } from 'react-native';
import { isWebAddress } from './webAddress.js';

/** Opens an address that another user has sent. @throws for one that is not of the web, or that nothing can open. */
export async function openWebAddress(address: string): Promise<void> {
  if (!isWebAddress(address)) throw new Error('This is no address of the web.');
  await Linking.openURL(address);
}
