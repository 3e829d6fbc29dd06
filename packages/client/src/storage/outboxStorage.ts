import type { PendingMessage } from '../state/types.js';
import { parseStored, type UserStorage } from './userStorage.js';

/** Digits of an order in a key: keys sort like orders. */
const ORDER_DIGITS = 15;

const keyOf = ({ order, clientMessageId }: PendingMessage): string =>
  `${String(order).padStart(ORDER_DIGITS, '0')}/${clientMessageId}`;

const isEntry = (value: unknown): value is PendingMessage =>
  typeof value === 'object' &&
  value !== null &&
  'clientMessageId' in value &&
  typeof value.clientMessageId === 'string' &&
  'conversationId' in value &&
  typeof value.conversationId === 'string' &&
  'order' in value &&
  typeof value.order === 'number';

/** The outbox on the device: each message is a value of its own, so that tabs never overwrite each other's. */
export class OutboxStorage {
  readonly #storage: UserStorage;

  constructor(storage: UserStorage) {
    this.#storage = storage;
  }

  /** Returns all entries in the order of sending; undefined when the storage failed. */
  async read(): Promise<PendingMessage[] | undefined> {
    const stored = await this.#storage.readAll('outbox');
    return stored?.map(({ value }) => parseStored(value)).filter(isEntry);
  }

  /** @returns whether the entry survives a kill of the process */
  write(entry: PendingMessage): Promise<boolean> {
    return this.#storage.write([{ collection: 'outbox', key: keyOf(entry), value: JSON.stringify(entry) }]);
  }

  remove(entries: readonly PendingMessage[]): Promise<boolean> {
    return this.#storage.write(
      entries.map((entry) => ({ collection: 'outbox', key: keyOf(entry), value: undefined })),
    );
  }
}
