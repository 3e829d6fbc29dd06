import { z } from 'zod';
import { LIMITS } from '../limits.js';
import {
  addWebhookInput,
  changeWebhookInput,
  replayWebhookInput,
  rotateWebhookInput,
  webhookId,
  webhookView,
} from '../webhooks.js';
import { endpoint, noBody, none, ofWebhook, WEBHOOK, WEBHOOKS } from './row.js';

const oneWebhook = z.object({ webhook: webhookView });
/** The secret is shown here and never again. */
const withSecret = oneWebhook.extend({ secret: z.string() });

/** Webhooks: requests of the server to the app's backend. */
export const WEBHOOK_ENDPOINTS = {
  addWebhook: endpoint({
    method: 'post',
    path: WEBHOOKS,
    scope: 'webhooks',
    status: 201,
    params: none,
    query: none,
    body: addWebhookInput,
    answer: withSecret,
    codes: ['FORBIDDEN', 'LIMIT_EXCEEDED'],
    bucket: 'serverWrite',
    summary:
      'Registers a URL for events from now on, and returns the secret that signs its deliveries, once. Private addresses are refused (`FORBIDDEN`) unless `OUTGOING_ALLOW_PRIVATE` lists them.',
  }),
  listWebhooks: endpoint({
    method: 'get',
    path: WEBHOOKS,
    scope: 'webhooks',
    params: none,
    query: none,
    body: noBody,
    answer: z.object({ webhooks: z.array(webhookView) }),
    codes: [],
    bucket: 'serverRead',
    summary: 'All webhooks with their state, oldest first.',
  }),
  changeWebhook: endpoint({
    method: 'patch',
    path: WEBHOOK,
    scope: 'webhooks',
    params: ofWebhook,
    query: none,
    body: changeWebhookInput,
    answer: oneWebhook,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    summary:
      'Changes the events of a webhook, or switches it off and on. It goes on where it stopped: with everything that happened meanwhile.',
  }),
  removeWebhook: endpoint({
    method: 'delete',
    path: WEBHOOK,
    scope: 'webhooks',
    params: ofWebhook,
    query: none,
    body: noBody,
    answer: z.object({ webhookId }),
    codes: [],
    bucket: 'serverWrite',
    repeatSafe: 'a removed webhook stays removed',
    summary: 'Removes a webhook.',
  }),
  rotateWebhookSecret: endpoint({
    method: 'post',
    path: `${WEBHOOK}/rotate`,
    scope: 'webhooks',
    params: ofWebhook,
    query: none,
    body: rotateWebhookInput.optional(),
    answer: withSecret,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    summary: `Makes a new secret. Deliveries carry the signatures of both for \`overlapHours\` (24; at most ${LIMITS.maxWebhookOverlapHours}).`,
  }),
  testWebhook: endpoint({
    method: 'post',
    path: `${WEBHOOK}/test`,
    scope: 'webhooks',
    params: ofWebhook,
    query: none,
    body: noBody,
    answer: z.object({ delivered: z.boolean(), error: z.string().optional() }),
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    summary: 'Sends a `webhook.test` event at once and says whether it was accepted.',
  }),
  replayWebhook: endpoint({
    method: 'post',
    path: `${WEBHOOK}/replay`,
    scope: 'webhooks',
    params: ofWebhook,
    query: none,
    body: replayWebhookInput,
    answer: oneWebhook,
    codes: ['NOT_FOUND'],
    bucket: 'serverWrite',
    repeatSafe: 'the position is set; events keep their `webhook-id`',
    summary: 'Delivers everything again since a time, with the same `webhook-id`s.',
  }),
} as const;
