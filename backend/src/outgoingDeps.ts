import type { Config } from './config.js';
import { HttpModerationHook, type OutgoingGuard } from './outgoing/index.js';
import type { ServiceDeps } from './services/index.js';

/** Longest wait between two attempts to deliver to a webhook, in ms: eight hours. */
const MAX_RETRY_MS = 28_800_000;

type ModerationConfig = Pick<
  Config,
  'MODERATION_URL' | 'MODERATION_SECRET' | 'MODERATION_TIMEOUT_MS' | 'MODERATION_FALLBACK'
>;

function findModeration(config: ModerationConfig, outgoing: OutgoingGuard): ServiceDeps['moderation'] {
  const { MODERATION_URL: url, MODERATION_SECRET: secret, MODERATION_TIMEOUT_MS: timeoutMs } = config;
  if (url === undefined || secret === undefined) return undefined;
  const hook = new HttpModerationHook(outgoing, { url, secret, timeoutMs });
  return { hook, fallback: config.MODERATION_FALLBACK };
}

/** Creates everything that services need for requests to the app's backend. */
export const createOutgoingDeps = (
  config: ModerationConfig & Pick<Config, 'WEBHOOK_RETRY_MS' | 'WEBHOOK_GIVE_UP_MS'>,
  outgoing: OutgoingGuard,
): Pick<ServiceDeps, 'outgoing' | 'webhookTiming' | 'moderation'> => ({
  outgoing,
  webhookTiming: {
    retry: { firstMs: config.WEBHOOK_RETRY_MS, maxMs: MAX_RETRY_MS },
    giveUpMs: config.WEBHOOK_GIVE_UP_MS,
  },
  moderation: findModeration(config, outgoing),
});
