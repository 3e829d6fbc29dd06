import type { PushContent } from '../../../../contract/index.js';

export interface PushSettings {
  /** False for a process that registers devices and leaves sending to others. */
  isSending: boolean;
  /** Most that notifications of this app may show, whatever a user wishes. */
  content: PushContent;
  /** True when the apps have texts of their own for the keys of `texts.ts`. */
  usesKeys: boolean;
  /** A message that is older than this is not pushed any more, in ms. */
  ttlMs: number;
}
