import type { OutgoingRequests } from '../services/outgoing.js';
import type { PushProvider } from '../services/pushProvider.js';
import { ApnsProvider, type ApnsOptions } from './apns.js';
import { ExpoProvider } from './expo.js';
import { FcmProvider, type ServiceAccount } from './fcm.js';
import { WebPushProvider, type VapidKeys } from './webPush.js';

/** Providers that are configured, with their credentials. */
export interface PushCredentials {
  fcm: { account: ServiceAccount; baseUrl: string } | undefined;
  apns: Omit<ApnsOptions, 'timeoutMs'> | undefined;
  expo: { accessToken: string | undefined; baseUrl: string; receiptAfterMs: number } | undefined;
  webPush: VapidKeys | undefined;
  /** Time for one request to a provider, in ms. */
  timeoutMs: number;
}

/** Returns the configured providers. */
export function createProviders(
  { fcm, apns, expo, webPush, timeoutMs }: PushCredentials,
  requests: OutgoingRequests,
): PushProvider[] {
  const outgoing: OutgoingRequests = {
    check: (url, source) => requests.check(url, source),
    send: (request) => requests.send({ timeoutMs, ...request }),
  };
  return [
    ...(fcm === undefined ? [] : [new FcmProvider({ ...fcm, outgoing })]),
    ...(apns === undefined ? [] : [new ApnsProvider({ ...apns, timeoutMs })]),
    ...(expo === undefined ? [] : [new ExpoProvider({ ...expo, outgoing })]),
    ...(webPush === undefined ? [] : [new WebPushProvider({ vapid: webPush, outgoing })]),
  ];
}
