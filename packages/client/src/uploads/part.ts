/** The place of uploads in a client: what `Engine` and `Lifespan` call. The work itself is in `@parley/client/uploads`. */
import type { AttachmentsApi } from '../api/attachments.js';
import type { UploadsApi } from '../api/uploads.js';
import type { ParleyLogger } from '../api/logger.js';
import type { Ask, TabChannel } from '../connection/link.js';
import type { Store } from '../observable/store.js';
import type { Prepare } from '../outbox/preparations.js';
import type { PendingMessage } from '../state/types.js';
import type { UserStorage } from '../storage/userStorage.js';

export interface UploadDeps {
  /** Address of the server: URLs of its own store are paths. */
  url: string;
  store: Store;
  ask: Ask;
  newId: () => string;
  logger: ParleyLogger;
  /** Takes a cancelled upload from the message that waits for it. */
  dropUpload: (uploadId: string) => void;
}

export interface UploadsPart {
  readonly api: UploadsApi;
  readonly attachments: AttachmentsApi;
  /** Resolves with the files of a message when all are ready. Stays pending while that may still happen. */
  readonly prepare: Prepare;
  /** Uses the storage of a user from now on, and shows what is in it. */
  enter: (storage: UserStorage) => Promise<void>;
  useTabs: (tabs: TabChannel | undefined) => void;
  /** Only the leader of several tabs uploads. */
  setLeader: (isLeader: boolean) => void;
  /** The server can be asked. */
  start: () => void;
  stop: () => void;
  /** A message has left the outbox: stored, or discarded. */
  messageGone: (entry: PendingMessage, isStored: boolean) => void;
  /** Ends all transfers; nothing that is known of a user stays in memory. */
  leave: () => void;
}

/** Lets a client upload files. Not part of the client itself: apps without files do not carry it. */
export interface UploadSupport {
  readonly create: (deps: UploadDeps) => UploadsPart;
}
