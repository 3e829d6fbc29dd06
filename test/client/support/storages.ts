import { memoryStorage } from '../../../packages/client/src/storage/memory.js';
import type { ParleyStorage, StorageArea } from '../../../packages/client/src/storage/storage.js';
import { UserStorage, type StorageErrorListener } from '../../../packages/client/src/storage/userStorage.js';

/** A storage whose failures the test controls; its values survive `kill`. */
export class TestStorage implements ParleyStorage {
  readonly #inner = memoryStorage();
  /** Called before each operation; a rejection makes it fail, and a promise that is never settled stops the client. */
  before: (operation: keyof StorageArea, userId: string) => Promise<void> = () => Promise.resolve();

  async open(userId: string): Promise<StorageArea> {
    const area = await this.#inner.open(userId);
    const guard =
      <Args extends unknown[], Result>(
        operation: keyof StorageArea,
        task: (...args: Args) => Promise<Result>,
      ): ((...args: Args) => Promise<Result>) =>
      async (...args) => {
        await this.before(operation, userId);
        return task(...args);
      };
    return {
      readAll: guard('readAll', area.readAll),
      readMany: guard('readMany', area.readMany),
      write: guard('write', area.write),
      clear: guard('clear', area.clear),
      close: area.close,
    };
  }

  listUserIds(): Promise<string[]> {
    return this.#inner.listUserIds();
  }

  /** Returns everything that is stored for a user, as text. */
  async dump(userId: string): Promise<string> {
    const area = await this.#inner.open(userId);
    const collections = ['outbox', 'meta', 'conversations', 'messages', 'uploads'] as const;
    const entries = await Promise.all(collections.map((name) => area.readAll(name)));
    return entries
      .flat()
      .map(({ key, value }) => `${key} ${value}`)
      .join('\n');
  }

  /** Whether anything is stored for a user. */
  async isEmpty(userId: string): Promise<boolean> {
    return !(await this.listUserIds()).includes(userId);
  }
}

const noError: StorageErrorListener = () => undefined;

export const userStorage = (
  storage: ParleyStorage,
  userId: string,
  onError: StorageErrorListener = noError,
): UserStorage => new UserStorage(storage, userId, onError);
