import { z } from 'zod';
import { LIMITS } from '../limits.js';
import { CONVERSATION_ENDPOINTS } from './conversations.js';
import { MESSAGE_ENDPOINTS } from './messages.js';
import { MODERATION_ENDPOINTS } from './moderation.js';
import { USER_ENDPOINTS } from './users.js';
import { WEBHOOK_ENDPOINTS } from './webhooks.js';

/** All endpoints of the app's backend. They need an API key with the scope of the row; user tokens are refused. */
export const SERVER_ENDPOINTS = {
  ...USER_ENDPOINTS,
  ...CONVERSATION_ENDPOINTS,
  ...MESSAGE_ENDPOINTS,
  ...MODERATION_ENDPOINTS,
  ...WEBHOOK_ENDPOINTS,
} as const;

export type ServerEndpointName = keyof typeof SERVER_ENDPOINTS;
export const SERVER_ENDPOINT_NAMES = Object.keys(SERVER_ENDPOINTS) as ServerEndpointName[];

export interface ServerEndpointInput<Name extends ServerEndpointName> {
  params: z.output<(typeof SERVER_ENDPOINTS)[Name]['params']>;
  query: z.output<(typeof SERVER_ENDPOINTS)[Name]['query']>;
  body: z.output<(typeof SERVER_ENDPOINTS)[Name]['body']>;
}
export type ServerEndpointData<Name extends ServerEndpointName> = z.output<
  (typeof SERVER_ENDPOINTS)[Name]['answer']
>;

/** Key of a writing call. The same key again is answered with the first answer. */
export const idempotencyKey = z
  .string()
  .max(LIMITS.maxIdempotencyKeyChars)
  .regex(/^[A-Za-z0-9_.:-]+$/, 'must be letters, digits and _ . : - only');
