import { createHash } from 'node:crypto';
import {
  LIMITS,
  type DeviceInput,
  type NotificationsView,
  type PushProviderName,
  type UserId,
} from '../../../../contract/index.js';
import type { DeviceModel, DeviceRecord } from '../../models/deviceModel.js';
import type { NotificationSettings, UserModel } from '../../models/userModel.js';
import { AppError } from '../../utils/appError.js';
import type { Logger } from '../../utils/logger.js';
import type { PushProvider } from '../pushProvider.js';
import type { DatabaseTime } from '../runtime/index.js';
import type { Principal, UserDirectory } from '../users/index.js';
import type { PushSettings } from './settings.js';
import { leastOf } from './texts.js';

interface DeviceDeps {
  devices: DeviceModel;
  userModel: Pick<UserModel, 'setNotifications'>;
  users: Pick<UserDirectory, 'find' | 'refresh' | 'requireNotRevoked'>;
  providers: readonly PushProvider[];
  settings: PushSettings;
  time: DatabaseTime;
  logger: Logger;
}

export const deviceIdOf = (provider: PushProviderName, token: string): string =>
  createHash('sha256').update(`${provider}\u0000${token}`).digest('hex');

/** Devices of users, and the users' notification settings. */
export class DeviceService {
  readonly #deps: DeviceDeps;

  constructor(deps: DeviceDeps) {
    this.#deps = deps;
  }

  /**
   * Registers a device of the caller. From now on, no other user gets notifications on it.
   *
   * @throws AppError `NOT_CONFIGURED` (this provider, or push at all), `VALIDATION` (a token that is none).
   */
  async register(principal: Principal, input: DeviceInput): Promise<string> {
    const { devices, time } = this.#deps;
    const provider = this.#requireProvider(input.provider);
    if (!provider.acceptsToken(input.token)) {
      const details = [{ path: 'token', rule: `must be a device token of ${input.provider}` }];
      throw new AppError('VALIDATION', 'The device token is not valid.', { details });
    }
    const { userId, issuedAtMs } = principal;
    const _id = deviceIdOf(input.provider, input.token);
    const registeredAt = time.now();
    const { locale, appVersion, ...device } = input;
    await devices.put({
      ...device,
      _id,
      userId,
      ...(locale !== undefined && { locale }),
      ...(appVersion !== undefined && { appVersion }),
      tokenIssuedAt: new Date(issuedAtMs),
      registeredAt,
    });
    const known = await devices.findByUsers([userId]);
    await devices.removeStale(
      known.filter((one) => one._id !== _id).slice(0, Math.max(0, known.length - LIMITS.maxDevices)),
    );
    return _id;
  }

  /** Ends notifications to a device, if it belongs to the caller. */
  async unregister(
    userId: UserId,
    { provider, token }: Pick<DeviceInput, 'provider' | 'token'>,
  ): Promise<string> {
    const _id = deviceIdOf(provider, token);
    await this.#deps.devices.remove(_id, userId);
    return _id;
  }

  /** Removes the devices of revoked tokens. Never throws: `isUsable` keeps them from being used. */
  forgetRevoked(userId: UserId, validFromMs: number): void {
    const { devices, logger } = this.#deps;
    const validFrom = new Date(Math.min(validFromMs, MAX_DATE_MS));
    devices.removeIssuedBefore(userId, validFrom).catch((error: unknown) => {
      logger.warn({ err: error }, 'the devices of revoked tokens could not be removed, they are not used');
    });
  }

  /** True while the token that registered a device is not revoked. Call `users.views` first: it loads the user. */
  isUsable({ userId, tokenIssuedAt }: DeviceRecord): boolean {
    try {
      const issuedAtMs = tokenIssuedAt.getTime();
      this.#deps.users.requireNotRevoked({ userId, issuedAtMs, expiresAtMs: Infinity });
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  async notifications(userId: UserId): Promise<NotificationsView> {
    const { users, providers, settings } = this.#deps;
    const publicKey = providers.find(({ publicKey: key }) => key !== undefined)?.publicKey;
    return {
      ...toNotifications((await users.find(userId))?.notifications, settings),
      providers: providers.map(({ name }) => name),
      ...(publicKey !== undefined && { vapidPublicKey: publicKey }),
    };
  }

  async setNotifications(userId: UserId, changes: NotificationSettings): Promise<NotificationsView> {
    await this.#deps.userModel.setNotifications(userId, changes);
    await this.#deps.users.refresh();
    return this.notifications(userId);
  }

  #requireProvider(name: PushProviderName): PushProvider {
    const provider = this.#deps.providers.find((one) => one.name === name);
    if (provider !== undefined) return provider;
    const offered = this.#deps.providers.map((one) => one.name);
    const reason =
      offered.length === 0 ? 'This server sends no push notifications.' : `It offers: ${offered.join(', ')}.`;
    throw new AppError('NOT_CONFIGURED', `The provider ${name} is not configured. ${reason}`);
  }
}

/** Last moment that a `Date` can represent, in ms. */
const MAX_DATE_MS = 8.64e15;

/** Returns a user's settings as far as the app allows them. */
export const toNotifications = (
  { enabled = true, content = 'full' }: NotificationSettings = {},
  settings: Pick<PushSettings, 'content'>,
): Pick<NotificationsView, 'enabled' | 'content'> => ({
  enabled,
  content: leastOf(content, settings.content),
});
