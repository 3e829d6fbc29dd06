import type { ServerCommandDeps, ServerHandlers } from './types.js';

type WebhookEndpoints =
  | 'addWebhook'
  | 'listWebhooks'
  | 'changeWebhook'
  | 'removeWebhook'
  | 'rotateWebhookSecret'
  | 'testWebhook'
  | 'replayWebhook';

/** Webhooks of the app's backend. */
export const serverWebhookCommands = ({
  services: { webhooks },
}: ServerCommandDeps): ServerHandlers<WebhookEndpoints> => ({
  addWebhook: ({ body }) => webhooks.add(body),
  listWebhooks: async () => ({ webhooks: await webhooks.list() }),
  changeWebhook: async ({ params: { webhookId }, body }) => ({
    webhook: await webhooks.change(webhookId, body),
  }),
  removeWebhook: async ({ params: { webhookId } }) => {
    await webhooks.remove(webhookId);
    return { webhookId };
  },
  rotateWebhookSecret: ({ params: { webhookId }, body }) => webhooks.rotate(webhookId, body?.overlapHours),
  testWebhook: async ({ params: { webhookId } }) => {
    const result = await webhooks.test(webhookId);
    return result.kind === 'accepted' ? { delivered: true } : { delivered: false, error: result.error };
  },
  replayWebhook: async ({ params: { webhookId }, body }) => ({
    webhook: await webhooks.replay(webhookId, new Date(body.from)),
  }),
});
