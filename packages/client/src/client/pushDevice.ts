import type { PushApi } from '../api/push.js';
import type { Ask } from '../connection/link.js';
import type { DeviceInput } from '../wire/index.js';
import { createRun, toError } from './answers.js';

/** Longest wait for the server on signing out, in ms. */
const LEAVE_MS = 3_000;

const isConnectionLost = (code: string): boolean => code === 'OFFLINE' || code === 'TIMEOUT';

/** Tells the server, again after every connect, where this device gets push notifications and whether the app is in use. */
export class PushDevice {
  readonly #ask: Ask;
  #device: DeviceInput | undefined;
  #isForeground = true;
  #isOnline = false;

  constructor({ ask }: { ask: Ask }) {
    this.#ask = ask;
  }

  start(): void {
    this.#isOnline = true;
    if (this.#device !== undefined) void this.#ask('registerDevice', this.#device);
    // A new connection counts as in use.
    if (!this.#isForeground) this.#tellForeground();
  }

  stop(): void {
    this.#isOnline = false;
  }

  /** @throws ParleyError; not for a lost connection, after which it is repeated. */
  async register(device: DeviceInput): Promise<void> {
    const former = this.#device;
    this.#device = device;
    if (!this.#isOnline) return;
    if (former !== undefined && former.token !== device.token) void this.#unregister(former);
    const answer = await this.#ask('registerDevice', device);
    // A lost connection is no failure: the next one registers the device.
    if (!answer.success && !isConnectionLost(answer.code)) throw toError(answer);
  }

  /** @throws ParleyError */
  async unregister(): Promise<void> {
    const device = this.#device;
    this.#device = undefined;
    if (device === undefined) return;
    const answer = await this.#unregister(device);
    if (!answer.success) throw toError(answer);
  }

  /** Part of signing out. @returns nothing to wait for when no device is registered. */
  leave(): Promise<unknown> | undefined {
    const device = this.#device;
    this.#device = undefined;
    if (device === undefined || !this.#isOnline) return undefined;
    return Promise.race([this.#unregister(device), new Promise((resolve) => setTimeout(resolve, LEAVE_MS))]);
  }

  setForeground(isForeground: boolean): void {
    if (this.#isForeground === isForeground) return;
    this.#isForeground = isForeground;
    if (this.#isOnline) this.#tellForeground();
  }

  #unregister({ token, provider }: DeviceInput) {
    return this.#ask('unregisterDevice', { token, provider });
  }

  #tellForeground(): void {
    void this.#ask('setForeground', { foreground: this.#isForeground });
  }
}

/** Push notifications of this device, and the user's settings of them. */
export function createPushApi({ ask, device }: { ask: Ask; device: PushDevice }): PushApi {
  const run = createRun(ask);
  return {
    register: (input) => device.register(input),
    unregister: () => device.unregister(),
    getNotifications: async () => (await run('getNotifications', {})).notifications,
    updateNotifications: async (changes) => (await run('updateNotifications', changes)).notifications,
  };
}
