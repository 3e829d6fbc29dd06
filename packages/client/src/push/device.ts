import type { ParleyClient } from '../api/client.js';
import type { CommandName, CommandPayload, DeviceInput } from '../wire/index.js';

/** Longest wait for the server on signing out, in ms. */
const LEAVE_MS = 3_000;

/** Tells the server, again after every connect, where this device gets push notifications and whether the app is in use. */
export class Device {
  readonly #client: ParleyClient;
  #device: DeviceInput | undefined;
  #isForeground = true;

  constructor(client: ParleyClient) {
    this.#client = client;
  }

  get #isOnline(): boolean {
    return this.#client.connectionState.getSnapshot().status === 'online';
  }

  /** Called after every connect. */
  connected(): void {
    if (this.#device !== undefined) this.#tell('registerDevice', this.#device);
    // A new connection counts as in use.
    if (!this.#isForeground) this.#tell('setForeground', { foreground: false });
  }

  async register(device: DeviceInput): Promise<void> {
    const former = this.#device;
    this.#device = device;
    if (!this.#isOnline) return;
    if (former !== undefined && former.token !== device.token) void this.#end(former).catch(() => undefined);
    try {
      await this.#client.command('registerDevice', device);
    } catch (error) {
      // A lost connection is no failure: the next one registers the device.
      if (!isConnectionLost(error)) throw error;
    }
  }

  async unregister(): Promise<void> {
    const device = this.#device;
    this.#device = undefined;
    if (device !== undefined) await this.#end(device);
  }

  /** Part of signing out. Takes a bounded time, and none when there is nothing to end. */
  async leave(): Promise<void> {
    if (this.#device === undefined) return;
    const left = this.unregister().catch(() => undefined);
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, LEAVE_MS))]);
  }

  setForeground(isForeground: boolean): void {
    if (this.#isForeground === isForeground) return;
    this.#isForeground = isForeground;
    if (this.#isOnline) this.#tell('setForeground', { foreground: isForeground });
  }

  async #end({ token, provider }: DeviceInput): Promise<void> {
    await this.#client.command('unregisterDevice', { token, provider });
  }

  /** Failures do not matter: the next connect repeats it. */
  #tell<Name extends CommandName>(name: Name, payload: CommandPayload<Name>): void {
    this.#client.command(name, payload).catch(() => undefined);
  }
}

/** By the code alone: importing the class would move it into a file of its own. */
const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'OFFLINE' || error.code === 'TIMEOUT');
