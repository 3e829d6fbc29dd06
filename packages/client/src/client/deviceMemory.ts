import { UserStorage, type StorageErrorListener } from '../storage/userStorage.js';
import type { ParleyStorage } from '../storage/storage.js';

/** Area of the device itself. User ids are never empty. */
const DEVICE_AREA = '';
const LAST_USER = 'lastUser';

/** Remembers who was signed in on this device last. */
export class DeviceMemory {
  readonly #area: UserStorage;

  constructor(storage: ParleyStorage, onError: StorageErrorListener) {
    this.#area = new UserStorage(storage, DEVICE_AREA, onError);
  }

  async lastUserId(): Promise<string | undefined> {
    const stored = await this.#area.readMany('meta', [LAST_USER]);
    return stored?.[0]?.value;
  }

  async remember(userId: string): Promise<void> {
    await this.#area.write([{ collection: 'meta', key: LAST_USER, value: userId }]);
  }

  async forget(): Promise<void> {
    await this.#area.write([{ collection: 'meta', key: LAST_USER, value: undefined }]);
  }

  close(): Promise<void> {
    return this.#area.close();
  }
}
