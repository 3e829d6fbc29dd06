import type { TabCoordination } from '../connection/coordination.js';
import type { ParleyLogger } from './logger.js';
import type { TokenReason } from './token.js';
import type { ParleyStorage } from '../storage/storage.js';
import type { UploadSupport } from '../uploads/part.js';

/**
 * Tells the SDK when the app comes to the foreground and when the network changes: `document` and `window` in browsers (the
 * default there), `AppState` and `NetInfo` in React Native. Every method returns a function that removes the listener.
 */
export interface ParleyLifecycle {
  isForeground: () => boolean;
  onForegroundChange: (listener: (isForeground: boolean) => void) => () => void;
  /** The network has come back, has changed (Wi-Fi to mobile), or is lost: the connection is tested or made now. */
  onNetworkChange: (listener: (isReachable: boolean) => void) => () => void;
  /** The process may end without further notice (`pagehide`): what is owed to the storage is written now. */
  onSuspend: (listener: () => void) => () => void;
}

export interface ParleyClientOptions {
  /** Address of the Parley server, for example `https://chat.example.com`. */
  url: string;
  /**
   * Returns a token of the current user from the app's backend. Called on connecting and before a token expires; calls never
   * overlap. A rejection is retried with backoff; resolving with `undefined` means that the user is no longer signed in, and
   * ends the connection. A token of another user than before removes everything stored for the former one.
   */
  getToken: (reason: TokenReason) => Promise<string | undefined>;
  /**
   * The user that this client is for. With it, cached conversations are shown before `getToken` has answered; a token of
   * another user is then refused, and several users may share a storage, each signed in in a window of their own: what is stored
   * for a user stays until their `logout`. Without it, the SDK remembers the user of the last token, and removes everything
   * stored for the former one when another signs in.
   */
  userId?: string | undefined;
  /**
   * Default: none, so that unsent messages end with the client. Use `indexedDbStorage()` in browsers and `sqliteStorage(db)` in
   * React Native.
   */
  storage?: ParleyStorage | undefined;
  lifecycle?: ParleyLifecycle | undefined;
  /**
   * `sharedTabs()` of `@parley/client/tabs`: in browsers, the tabs of one user share a connection and an outbox. Without it every
   * client has a connection of its own.
   */
  tabs?: TabCoordination | undefined;
  /** `fileUploads()` of `@parley/client/uploads`: sends files. Without it, `client.uploads` throws. */
  uploads?: UploadSupport | undefined;
  /** Makes a version 4 UUID. Default: `crypto.randomUUID`, or `crypto.getRandomValues`. Some phones have neither: pass one. */
  randomUUID?: (() => string) | undefined;
  logger?: ParleyLogger | undefined;
  /** Socket.IO transports in the order tried. Default: `['websocket', 'polling']`. */
  transports?: readonly ('websocket' | 'polling')[] | undefined;
}

export type { ParleyLogger, TabCoordination, TokenReason, UploadSupport };
