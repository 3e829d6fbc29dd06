import type { OpenUri } from './source.js';
import type { Transfer } from './transfer.js';

/** Abilities that differ between platforms. */
export interface UploadPorts {
  transfer: Transfer;
  openUri: OpenUri;
}
