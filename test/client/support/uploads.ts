import { photo } from '../../attachments/support/files.js';
import type { TestClient } from '../../support/client.js';
import { createClient, online, type TestParleyClient } from './clients.js';
import {
  memoryStorage,
  type FileUpload,
  type ParleyClientOptions,
} from '../../../packages/client/src/index.js';
import type { ParleyStorage, StorageArea } from '../../../packages/client/src/storage/storage.js';
import { fileUploads, type Transfer } from '../../../packages/client/src/uploads.js';
import { fetchTransfer } from '../../../packages/client/src/uploads/transfer.js';
import type { TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';

/**
 * The content of a device, and a kill of the app on it: from then on, nothing of the killed app has an effect on the device any
 * more. `reboot` gives the device to the next start of the app.
 */
export class KillableDisk {
  readonly #disk = memoryStorage();
  #start = { isKilled: false };
  /** Called before each write with its number. Kills the app when it returns true. */
  killAt: (write: number) => boolean = () => false;
  writes = 0;
  onKilled: () => void = () => undefined;

  kill(): void {
    if (this.#start.isKilled) return;
    this.#start.isKilled = true;
    this.onKilled();
  }

  get isKilled(): boolean {
    return this.#start.isKilled;
  }

  reboot(): ParleyStorage {
    const start = { isKilled: false };
    this.#start = start;
    const guard =
      <Args extends unknown[]>(write: (...args: Args) => Promise<void>) =>
      async (...args: Args): Promise<void> => {
        if (!start.isKilled && this.killAt((this.writes += 1))) this.kill();
        // Whatever a killed app waits for does not come.
        if (start.isKilled) await new Promise(() => undefined);
        await write(...args);
      };
    return {
      listUserIds: () => this.#disk.listUserIds(),
      open: async (userId) => {
        const area: StorageArea = await this.#disk.open(userId);
        const { files } = area;
        if (files === undefined) throw new Error('this storage keeps no files');
        return {
          ...area,
          write: guard(area.write),
          clear: guard(area.clear),
          files: { ...files, write: guard(files.write), remove: guard(files.remove) },
        };
      },
    };
  }

  /** Everything that is stored for a user, as text, and the keys of their files. */
  async dump(userId: string): Promise<{ uploads: string[]; outbox: number }> {
    const area = await this.#disk.open(userId);
    const [uploads, outbox] = await Promise.all([area.readAll('uploads'), area.readAll('outbox')]);
    return { uploads: uploads.map(({ key }) => key), outbox: outbox.length };
  }

  async hasFile(userId: string, key: string): Promise<boolean> {
    return (await (await this.#disk.open(userId)).files?.read(key)) !== undefined;
  }
}

/** The way of the bytes to the store, as the test wants it. */
export class TestNetwork {
  /** URLs of all requests, in their order. */
  readonly requests: string[] = [];
  /** Called before each request; a rejection is a network failure, a number the status of an answer. */
  before: (request: number, signal: AbortSignal) => Promise<number | undefined> = () =>
    Promise.resolve(undefined);
  /** Called after the bytes have arrived, before the client learns it. */
  after: (request: number) => Promise<void> = () => Promise.resolve();

  readonly transfer: Transfer = async (request) => {
    const number = this.requests.push(request.url);
    const status = await this.before(number, request.signal);
    if (status !== undefined) return status;
    request.onProgress(Math.floor(request.sizeBytes / 2));
    const answer = await fetchTransfer(request);
    await this.after(number);
    return answer;
  };
}

/** Resolves never, unless the signal aborts. */
export const stuck = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

/** Creates a client that uploads, not connected yet. */
export const uploadingClient = (
  server: TestServer,
  userId: string,
  { network = new TestNetwork(), ...options }: Partial<ParleyClientOptions> & { network?: TestNetwork } = {},
): TestParleyClient =>
  createClient(server, userId, {
    userId,
    uploads: fileUploads({ transfer: network.transfer }),
    ...options,
  });

export async function uploadIn(
  client: TestParleyClient,
  id: string,
  status: FileUpload['status'],
): Promise<FileUpload> {
  return until(
    () => {
      const found = client.uploads.get(id);
      return found?.status === status ? found : undefined;
    },
    { what: `an upload that is ${status}` },
  );
}

/** Alice, who uploads, Bob with a bare socket, and their conversation. */
export interface UploadScene {
  aliceId: string;
  bob: TestClient;
  conversationId: string;
}

let users = 0;

export async function newScene(server: TestServer): Promise<UploadScene> {
  users += 1;
  const bob = await server.connectAs(`bob-${users}`);
  return { aliceId: `alice-${users}`, bob, conversationId: await bob.open(`alice-${users}`) };
}

/** Creates a client of Alice that is online. */
export async function startedClient(
  server: TestServer,
  { aliceId }: UploadScene,
  options: Parameters<typeof uploadingClient>[2] = {},
): Promise<TestParleyClient> {
  const client = uploadingClient(server, aliceId, options);
  await client.connect();
  await online(client);
  return client;
}

export async function photoBlob(): Promise<File> {
  const { bytes, mimeType, fileName } = await photo();
  return new File([bytes], fileName, { type: mimeType });
}

/** Messages of the conversation as the server has them, newest last. */
export const storedMessages = async ({ bob, conversationId }: UploadScene) =>
  (await bob.ok('getMessages', { conversationId, limit: 200 })).messages.flatMap((entry) =>
    entry.kind === 'hidden' || entry.kind === 'system' ? [] : [entry],
  );
