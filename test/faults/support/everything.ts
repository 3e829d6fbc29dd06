import { setTimeout as wait } from 'node:timers/promises';
import {
  COMMAND_NAMES,
  COMMAND_ROUTES,
  ENDPOINTS,
  ENDPOINT_NAMES,
  type Answer,
  type CommandName,
  type CommandRoute,
  type EndpointName,
} from '../../../contract/index.js';
import { requestSample } from '../../contract/support/requests.js';
import { toRequest, type EndpointSample } from '../../../contract/documents/samples.js';
import { MODERATOR } from '../../contract/support/shelf.js';
import { Api } from '../../support/api.js';
import type { TestClient } from '../../support/client.js';
import type { ServerProcess } from '../../support/serverProcess.js';
import { makeToken } from '../../support/tokens.js';

/** Context in which all commands are tried repeatedly without affecting each other. */
export interface Setting {
  url: string;
  /** The user who runs the commands; also a moderator. */
  client: TestClient;
  otherUserId: string;
  /** Conversation with the other user; the first three messages are the client's. */
  conversationId: string;
  /** A group that the client owns; the other user is a member. */
  groupId: string;
  /** Conversations of the client that are left, closed and cleared. */
  leftId: string;
  closedId: string;
  emptiedId: string;
  reportId: string;
  /** An image of the client that is ready to be sent. */
  attachmentId: string;
}

const tokenOf = (userId: string): string => makeToken(userId, MODERATOR);

/** Connects a user with a conversation of three messages, and creates everything else that commands need. */
export async function openSetting(
  server: ServerProcess,
  [userId, otherUserId]: readonly [string, string],
): Promise<Setting> {
  const client = await server.connectAs(userId, { token: tokenOf(userId) });
  const createGroup = async (): Promise<string> =>
    (await client.ok('createGroup', { name: 'Friends', participants: [otherUserId] })).conversation._id;
  const conversationId = await client.open(otherUserId);
  for (const text of ['one', 'two', 'three']) await client.send(conversationId, text);
  return {
    ...{ url: server.url, client, otherUserId, conversationId },
    groupId: await createGroup(),
    leftId: await createGroup(),
    closedId: await client.open(`closed-${userId}`),
    emptiedId: await client.open(`emptied-${userId}`),
    reportId: (await client.ok('report', { userId: otherUserId, reason: 'spam' })).reportId,
    attachmentId: await uploadImage(server.url, client),
  };
}

/** One pixel. */
const TINY_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function uploadImage(url: string, client: TestClient): Promise<string> {
  const body = Buffer.from(TINY_PNG, 'base64');
  const { attachment, upload } = await client.ok('createAttachment', {
    ...{ kind: 'image', fileName: 'a.png', mimeType: 'image/png', sizeBytes: body.length },
  });
  const { url: path = '', headers = {} } = upload ?? {};
  await fetch(new URL(path, url), { method: 'PUT', headers, body });
  await client.ok('completeAttachment', { attachmentId: attachment._id });
  return attachment._id;
}

/** Valid payloads of all commands. A new command without one is a compile error. */
const payloads: Record<CommandName, (setting: Setting) => Record<string, unknown>> = {
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
  'auth:refresh': ({ client }) => ({ token: tokenOf(client.userId) }),
  createGroup: ({ otherUserId }) => ({ name: 'Others', participants: [otherUserId] }),
  getMembers: ({ groupId }) => ({ conversationId: groupId }),
  addMembers: ({ groupId }) => ({ conversationId: groupId, userIds: ['added'] }),
  removeMember: ({ groupId }) => ({ conversationId: groupId, userId: 'removed' }),
  joinConversation: ({ groupId }) => ({ conversationId: groupId }),
  leaveConversation: ({ leftId }) => ({ conversationId: leftId }),
  setRole: ({ groupId, otherUserId }) => ({ conversationId: groupId, userId: otherUserId, role: 'admin' }),
  updateConversation: ({ groupId }) => ({ conversationId: groupId, name: 'Good friends' }),
  watchConversation: ({ groupId }) => ({ conversationId: groupId, watching: true }),
  editMessage: ({ conversationId }) => ({ conversationId, seq: 2, content: 'two, edited' }),
  deleteMessage: ({ conversationId }) => ({ conversationId, seq: 3, for: 'everyone' }),
  react: ({ conversationId }) => ({ conversationId, seq: 1, emoji: '👍', on: true }),
  pinMessage: ({ conversationId }) => ({ conversationId, seq: 1, pinned: true }),
  getChanges: ({ conversationId }) => ({ conversationId, afterRev: 0 }),
  getEdits: ({ conversationId }) => ({ conversationId, seq: 2 }),
  getReactions: ({ conversationId }) => ({ conversationId, seq: 1 }),
  getReceipts: ({ conversationId }) => ({ conversationId, seq: 1 }),
  updateSettings: ({ emptiedId }) => ({ conversationId: emptiedId, pinned: true }),
  clearHistory: ({ emptiedId }) => ({ conversationId: emptiedId }),
  deleteConversation: ({ emptiedId }) => ({ conversationId: emptiedId }),
  blockUser: () => ({ userId: 'blocked', blocked: true }),
  getBlocked: () => ({}),
  unmatch: ({ closedId }) => ({ conversationId: closedId }),
  report: ({ otherUserId }) => ({ userId: otherUserId, reason: 'scam' }),
  getReports: () => ({}),
  getAudit: () => ({}),
  resolveReport: ({ reportId }) => ({ reportId, resolution: 'warned' }),
  restrictUser: () => ({ userId: 'restricted', restricted: true }),
  getPrivacy: () => ({}),
  updatePrivacy: () => ({ typing: true }),
  registerDevice: () => ({ provider: 'expo', token: 'ExponentPushToken[faults]', platform: 'android' }),
  unregisterDevice: () => ({ provider: 'expo', token: 'ExponentPushToken[faults]' }),
  setForeground: () => ({ foreground: true }),
  getNotifications: () => ({}),
  updateNotifications: () => ({ enabled: true }),
  searchMessages: ({ conversationId }) => ({ conversationId, words: 'one' }),
  createAttachment: () => ({
    ...{ kind: 'file', fileName: 'a.txt', mimeType: 'text/plain', sizeBytes: 9 },
    clientAttachmentId: 'begun-before',
  }),
  getUpload: ({ attachmentId }) => ({ attachmentId }),
  completeAttachment: ({ attachmentId }) => ({ attachmentId }),
  getAttachment: ({ attachmentId }) => ({ attachmentId }),
  cancelAttachment: () => ({ attachmentId: 'f'.repeat(24) }),
};

/** A right request for each endpoint that is not a command's. */
const requests: Record<Exclude<EndpointName, CommandRoute>, (setting: Setting) => EndpointSample> = {
  createOrGetChat: () => ({ body: { otherUserId: `new-${crypto.randomUUID()}` } }),
  startConversation: ({ otherUserId }) => ({
    body: { otherUserId, occasion: { kind: 'order', id: 'A-1' } },
  }),
  listConversations: () => ({}),
  getConversation: ({ conversationId }) => ({ params: { conversationId } }),
  listMessages: ({ conversationId }) => ({ params: { conversationId } }),
  sendMessage: ({ conversationId }) => ({
    params: { conversationId },
    body: { content: 'by endpoint', clientMessageId: crypto.randomUUID() },
  }),
  markRead: ({ conversationId }) => ({ params: { conversationId }, body: { seq: 1 } }),
  markDelivered: ({ conversationId }) => ({ params: { conversationId }, body: { seq: 1 } }),
  redirectToFile: ({ attachmentId }) => ({ params: { attachmentId } }),
  redirectToThumbnail: ({ attachmentId }) => ({ params: { attachmentId } }),
  sync: () => ({}),
  getUnread: () => ({}),
  getProfile: () => ({}),
  updateProfile: () => ({ body: { name: 'Somebody' } }),
  revokeTokens: () => ({}),
  createStreamTicket: () => ({}),
  listOwnMessages: () => ({}),
};

const isRouted = (name: EndpointName): name is CommandRoute =>
  (COMMAND_ROUTES as readonly EndpointName[]).includes(name);

const requestFor = (name: EndpointName, setting: Setting): EndpointSample =>
  isRouted(name) ? toRequest(name, payloads[ENDPOINTS[name].command](setting)) : requests[name](setting);

/** Revoking tokens is tried as a new user: otherwise all later calls would be refused. */
const callerOf = (name: EndpointName, userId: string): string =>
  name === 'revokeTokens' ? `leaver-${crypto.randomUUID()}` : userId;

/** Longer than any answer may take. */
const SILENCE_MS = 60_000;

/** Returns `OK`, the code of an error, or that there was no answer. */
async function outcome(asked: Promise<Answer<unknown>>): Promise<string> {
  const silence = wait(SILENCE_MS, undefined, { ref: false });
  const answer = await Promise.race([asked, silence]).catch(() => undefined);
  if (answer === undefined) return 'silence';
  return answer.success ? 'OK' : answer.code;
}

/** Tries all commands and endpoints at once. @returns `OK` or the code for each. */
export async function tryEverything(setting: Setting): Promise<Map<string, string>> {
  const commands = COMMAND_NAMES.map(async (name): Promise<[string, string]> => [
    name,
    await outcome(setting.client.call(name, payloads[name](setting))),
  ]);
  const endpoints = ENDPOINT_NAMES.map(async (name): Promise<[string, string]> => {
    const { method, path } = ENDPOINTS[name];
    const api = new Api(setting.url, tokenOf(callerOf(name, setting.client.userId)));
    const reply = requestSample(api, name, requestFor(name, setting));
    return [`${method} ${path}`, await outcome(reply.then(({ body }) => body))];
  });
  return new Map(await Promise.all([...commands, ...endpoints]));
}

/** Returns the answers other than the expected ones. */
export const others = (answers: ReadonlyMap<string, string>, ...expected: string[]): [string, string][] =>
  [...answers].filter(([, code]) => !expected.includes(code));

interface Readiness {
  status: string;
  missing: string[];
}

/** Returns the answer of `/health/ready`. */
export async function readiness(url: string): Promise<Readiness & { http: number }> {
  const response = await fetch(`${url}/health/ready`);
  return { http: response.status, ...((await response.json()) as Readiness) };
}
