import { setTimeout as wait } from 'node:timers/promises';
import {
  COMMAND_NAMES,
  ENDPOINTS,
  ENDPOINT_NAMES,
  type Answer,
  type CommandName,
  type EndpointName,
} from '../../../contract/index.js';
import { Api } from '../../support/api.js';
import type { TestClient } from '../../support/client.js';
import { makeToken } from '../../support/tokens.js';

/** Where and with whom everything is tried. */
export interface Setting {
  url: string;
  client: TestClient;
  conversationId: string;
  otherUserId: string;
}

/** A right payload for each command: a new row of the contract without one is a compile error. */
const payloads: Record<CommandName, (setting: Setting) => unknown> = {
  getOrCreateDirect: () => ({ otherUserId: `new-${crypto.randomUUID()}` }),
  getConversations: () => ({}),
  getConversation: ({ conversationId }) => ({ conversationId }),
  sendMessage: ({ conversationId }) => ({
    conversationId,
    content: 'by command',
    clientMessageId: crypto.randomUUID(),
  }),
  getMessages: ({ conversationId }) => ({ conversationId }),
  'message:delivered': ({ conversationId }) => ({ conversationId, seq: 1 }),
  'message:read': ({ conversationId }) => ({ conversationId, seq: 1 }),
  typing: ({ conversationId }) => ({ conversationId, typing: true }),
  sync: () => ({}),
  'presence:watch': ({ otherUserId }) => ({ userIds: [otherUserId] }),
  'auth:refresh': ({ client }) => ({ token: makeToken(client.userId) }),
};

/** A right body for each endpoint that takes one. */
const bodies: Record<EndpointName, (setting: Setting) => unknown> = {
  createOrGetChat: () => ({ otherUserId: `new-${crypto.randomUUID()}` }),
  startConversation: ({ otherUserId }) => ({ otherUserId, occasion: { kind: 'order', id: 'A-1' } }),
  listConversations: () => undefined,
  getConversation: () => undefined,
  listMessages: () => undefined,
  sendMessage: () => ({ content: 'by endpoint', clientMessageId: crypto.randomUUID() }),
  markRead: () => ({ seq: 1 }),
  markDelivered: () => ({ seq: 1 }),
  sync: () => undefined,
  getUnread: () => undefined,
  getProfile: () => undefined,
  updateProfile: () => ({ name: 'Somebody' }),
  revokeTokens: () => undefined,
  listOwnMessages: () => undefined,
};

/** Logging out everywhere is tried as somebody new, or nothing after it would be right. */
const callerOf = (name: EndpointName, userId: string): string =>
  name === 'revokeTokens' ? `leaver-${crypto.randomUUID()}` : userId;

/** Longer than any answer may take. */
const SILENCE_MS = 25_000;

/** A code, `OK`, or that there was no answer. */
async function outcome(asked: Promise<Answer<unknown>>): Promise<string> {
  const silence = wait(SILENCE_MS, undefined, { ref: false });
  const answer = await Promise.race([asked, silence]).catch(() => undefined);
  if (answer === undefined) return 'silence';
  return answer.success ? 'OK' : answer.code;
}

/** Tries every command and every endpoint at once. @returns what each was answered: `OK` or a code. */
export async function tryEverything(setting: Setting): Promise<Map<string, string>> {
  const commands = COMMAND_NAMES.map(async (name): Promise<[string, string]> => [
    name,
    await outcome(setting.client.call(name, payloads[name](setting))),
  ]);
  const endpoints = ENDPOINT_NAMES.map(async (name): Promise<[string, string]> => {
    const { method, path } = ENDPOINTS[name];
    const api = new Api(setting.url, makeToken(callerOf(name, setting.client.userId)));
    const concrete = path.replace(':conversationId', setting.conversationId);
    const reply = api.request(method.toUpperCase(), concrete, bodies[name](setting));
    return [`${method} ${path}`, await outcome(reply.then(({ body }) => body))];
  });
  return new Map(await Promise.all([...commands, ...endpoints]));
}

/** Those that were answered otherwise. */
export const others = (answers: ReadonlyMap<string, string>, ...expected: string[]): [string, string][] =>
  [...answers].filter(([, code]) => !expected.includes(code));

interface Readiness {
  status: string;
  missing: string[];
}

/** What `/health/ready` says. */
export async function readiness(url: string): Promise<Readiness & { http: number }> {
  const response = await fetch(`${url}/health/ready`);
  return { http: response.status, ...((await response.json()) as Readiness) };
}
