import { memoryStorage, type ParleyStorage } from '../../../packages/client/src/index.js';
import { Device } from '../support/device.js';
import { observedStorage } from '../support/observedStorage.js';
import type { NetworkState } from '../support/socketProxy.js';

/** A message that a user has written on one phone. */
export interface Written {
  phone: string;
  conversationId: string;
  text: string;
  clientMessageId: string;
  /** True from when it would survive a kill of the app: from then on it must be stored, once. */
  isSafe: boolean;
}

/** A phone of a user: its storage stays while the app on it is killed and started again. */
export class Phone {
  /** The app, while it runs. */
  device: Device | undefined;
  readonly written: Written[] = [];
  /** Violations and statuses that went back, of every app that ran. */
  readonly faults: string[] = [];
  readonly #storage: ParleyStorage = memoryStorage();
  #network: NetworkState = 'up';
  #kill = (): void => undefined;

  constructor(
    readonly name: string,
    readonly userId: string,
    private serverUrl: string,
  ) {}

  get isRunning(): boolean {
    return this.device !== undefined;
  }

  get network(): NetworkState {
    return this.#network;
  }

  /** Changes the network. Phones tell their apps, except of a network that has become silent. */
  set network(state: NetworkState) {
    this.#network = state;
    if (this.device === undefined) return;
    this.device.proxy.network = state;
    if (state !== 'silent') this.device.lifecycle.changeNetwork(state === 'up');
  }

  /** Gives new connections another server. */
  useServer(url: string): void {
    this.serverUrl = url;
    if (this.device !== undefined) this.device.proxy.targetUrl = url;
  }

  /** Starts the app, with these conversations open. */
  async launch(conversationIds: readonly string[]): Promise<void> {
    if (this.device !== undefined) return;
    let isKilled = false;
    const storage = observedStorage(this.#storage, () => (isKilled ? 'halt' : undefined));
    const device = await Device.start({
      serverUrl: this.serverUrl,
      userId: this.userId,
      storage,
      connect: false,
    });
    this.#kill = () => {
      isKilled = true;
    };
    device.proxy.network = this.#network;
    this.device = device;
    await device.client.connect();
    for (const id of conversationIds) device.open(id).catch(() => undefined);
  }

  /** Ends the app without any warning: nothing that it does from now on has an effect. */
  async kill(): Promise<void> {
    const { device } = this;
    if (device === undefined) return;
    this.device = undefined;
    this.#kill();
    this.#collect(device);
    device.proxy.network = 'down';
    // Otherwise its timers would go on in this process.
    void device.client.dispose();
    await device.proxy[Symbol.asyncDispose]();
  }

  /** Ends the app in order. */
  async quit(): Promise<void> {
    const { device } = this;
    if (device === undefined) return;
    this.device = undefined;
    await device[Symbol.asyncDispose]();
    this.#collect(device);
  }

  write(conversationId: string, text: string): void {
    const sent = this.device?.client.conversation(conversationId).sendMessage({ text });
    if (sent === undefined) return;
    const written: Written = {
      phone: this.name,
      conversationId,
      text,
      clientMessageId: sent.clientMessageId,
      isSafe: false,
    };
    this.written.push(written);
    const markSafe = (): void => {
      written.isSafe = true;
    };
    // An app that ends before may have kept it or not.
    sent.persisted.then(markSafe, () => undefined);
  }

  /** Violations and statuses that went back, up to now. */
  allFaults(): string[] {
    return [...this.faults, ...(this.device === undefined ? [] : faultsOf(this.name, this.device))];
  }

  #collect(device: Device): void {
    this.faults.push(...faultsOf(this.name, device));
  }
}

const faultsOf = (name: string, { violations, backwards, failures }: Device): string[] => [
  ...violations.map((violation) => `${name}: ${JSON.stringify(violation)}`),
  ...backwards,
  ...failures.map(({ error, pending }) => `${name}: "${pending.content}" failed: ${error.code}`),
];
