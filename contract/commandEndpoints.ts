import { z } from 'zod';
import { COMMANDS, type CommandName, type CommandPayload } from './events.js';
import { numeric } from './numeric.js';

interface Route<Name extends CommandName> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: `/${string}`;
  /** Status of a successful answer. Default: 200. */
  status?: number;
  /** Fields of the payload that the route itself sets: `PUT` switches something on, `DELETE` switches it off. */
  fixed?: Partial<CommandPayload<Name>>;
}

const route = <const Name extends CommandName>(
  command: Name,
  row: Route<Name>,
): Route<Name> & { command: Name } => ({ command, ...row });

const CONVERSATION = '/api/conversations/:conversationId';
const MESSAGE = `${CONVERSATION}/messages/:seq` as const;
const ATTACHMENT = '/api/attachments/:attachmentId';
const REACTION = `${MESSAGE}/reactions/:emoji` as const;

/**
 * HTTP routes of commands. The fields of a payload come from the path, from the route itself (`fixed`), and from the query
 * (GET, DELETE) or the body (others).
 */
const ROUTES = {
  createGroup: route('createGroup', { method: 'post', path: '/api/conversations', status: 201 }),
  updateConversation: route('updateConversation', { method: 'patch', path: CONVERSATION }),
  deleteConversation: route('deleteConversation', { method: 'delete', path: CONVERSATION }),
  getMembers: route('getMembers', { method: 'get', path: `${CONVERSATION}/members` }),
  addMembers: route('addMembers', { method: 'post', path: `${CONVERSATION}/members` }),
  setRole: route('setRole', { method: 'patch', path: `${CONVERSATION}/members/:userId` }),
  removeMember: route('removeMember', { method: 'delete', path: `${CONVERSATION}/members/:userId` }),
  joinConversation: route('joinConversation', { method: 'post', path: `${CONVERSATION}/join` }),
  leaveConversation: route('leaveConversation', { method: 'post', path: `${CONVERSATION}/leave` }),
  updateSettings: route('updateSettings', { method: 'patch', path: `${CONVERSATION}/settings` }),
  clearHistory: route('clearHistory', { method: 'post', path: `${CONVERSATION}/clear` }),
  unmatch: route('unmatch', { method: 'post', path: `${CONVERSATION}/unmatch` }),
  editMessage: route('editMessage', { method: 'patch', path: MESSAGE }),
  deleteMessage: route('deleteMessage', { method: 'delete', path: MESSAGE }),
  getEdits: route('getEdits', { method: 'get', path: `${MESSAGE}/edits` }),
  getReceipts: route('getReceipts', { method: 'get', path: `${MESSAGE}/receipts` }),
  getReactions: route('getReactions', { method: 'get', path: `${MESSAGE}/reactions` }),
  addReaction: route('react', { method: 'put', path: REACTION, fixed: { on: true } }),
  removeReaction: route('react', { method: 'delete', path: REACTION, fixed: { on: false } }),
  pinMessage: route('pinMessage', { method: 'put', path: `${MESSAGE}/pin`, fixed: { pinned: true } }),
  unpinMessage: route('pinMessage', { method: 'delete', path: `${MESSAGE}/pin`, fixed: { pinned: false } }),
  getChanges: route('getChanges', { method: 'get', path: `${CONVERSATION}/changes` }),
  searchMessages: route('searchMessages', { method: 'get', path: '/api/search' }),
  createAttachment: route('createAttachment', { method: 'post', path: '/api/attachments', status: 201 }),
  getUpload: route('getUpload', { method: 'get', path: `${ATTACHMENT}/upload` }),
  completeAttachment: route('completeAttachment', { method: 'post', path: `${ATTACHMENT}/complete` }),
  cancelAttachment: route('cancelAttachment', { method: 'delete', path: ATTACHMENT }),
  getBlocked: route('getBlocked', { method: 'get', path: '/api/blocks' }),
  blockUser: route('blockUser', { method: 'put', path: '/api/blocks/:userId', fixed: { blocked: true } }),
  unblockUser: route('blockUser', {
    method: 'delete',
    path: '/api/blocks/:userId',
    fixed: { blocked: false },
  }),
  report: route('report', { method: 'post', path: '/api/reports', status: 201 }),
  getReports: route('getReports', { method: 'get', path: '/api/reports' }),
  resolveReport: route('resolveReport', { method: 'post', path: '/api/reports/:reportId/resolve' }),
  getAudit: route('getAudit', { method: 'get', path: '/api/audit' }),
  restrictUser: route('restrictUser', {
    method: 'put',
    path: '/api/users/:userId/restriction',
    fixed: { restricted: true },
  }),
  unrestrictUser: route('restrictUser', {
    method: 'delete',
    path: '/api/users/:userId/restriction',
    fixed: { restricted: false },
  }),
  getPrivacy: route('getPrivacy', { method: 'get', path: '/api/users/me/privacy' }),
  updatePrivacy: route('updatePrivacy', { method: 'patch', path: '/api/users/me/privacy' }),
  getNotifications: route('getNotifications', { method: 'get', path: '/api/users/me/notifications' }),
  updateNotifications: route('updateNotifications', { method: 'patch', path: '/api/users/me/notifications' }),
  registerDevice: route('registerDevice', { method: 'post', path: '/api/devices', status: 201 }),
  // Not DELETE with the token in the path: addresses are written to logs.
  unregisterDevice: route('unregisterDevice', { method: 'post', path: '/api/devices/unregister' }),
} as const;

/** Names of the HTTP routes of commands. A command may have several. */
export type CommandRoute = keyof typeof ROUTES;
export const COMMAND_ROUTES = Object.keys(ROUTES) as CommandRoute[];

type Shape = Record<string, z.ZodType>;

const isNumber = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodOptional ? isNumber(schema.unwrap() as z.ZodType) : schema instanceof z.ZodNumber;

/** Schema of a field in a path or a query string, where numbers are written as digits. */
function asText(schema: z.ZodType): z.ZodType {
  if (!isNumber(schema)) return schema;
  if (schema instanceof z.ZodOptional) return asText(schema.unwrap() as z.ZodType).optional();
  return numeric(schema as z.ZodType<number, number>);
}

const textual = (shape: Shape): Shape =>
  Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, asText(schema)]));

/** Splits the payload of a command into the parts of a request. */
function toEndpoint(name: CommandRoute) {
  const {
    command,
    method,
    path,
    status = 200,
    fixed = {},
  }: Route<CommandName> & { command: CommandName } = ROUTES[name];
  const { payload, answer, codes, bucket, summary } = COMMANDS[command];
  const inPath = new Set([...path.matchAll(/:(\w+)/g)].map(([, field]) => field));
  const fields = Object.entries(payload.shape as Shape);
  const params = Object.fromEntries(fields.filter(([field]) => inPath.has(field)));
  const rest = Object.fromEntries(fields.filter(([field]) => !inPath.has(field) && !(field in fixed)));
  const hasBody = method !== 'get' && method !== 'delete';
  const isEmpty = Object.values(rest).every((schema) => schema.safeParse(undefined).success);
  const body = z.strictObject(hasBody ? rest : {});
  return {
    method,
    path,
    status,
    fixed,
    answer,
    codes,
    bucket,
    summary,
    command,
    params: z.strictObject(textual(params)),
    query: z.strictObject(hasBody ? {} : textual(rest)),
    body: !hasBody || isEmpty ? body.optional() : body,
  };
}

type CommandOf<Name extends CommandRoute> = (typeof ROUTES)[Name]['command'];
type CommandEndpoint<Name extends CommandRoute> = Omit<
  ReturnType<typeof toEndpoint>,
  'answer' | 'command'
> & {
  answer: (typeof COMMANDS)[CommandOf<Name>]['answer'];
  command: CommandOf<Name>;
};

/** Endpoint rows of all routes of commands. */
export const COMMAND_ENDPOINTS = Object.fromEntries(
  COMMAND_ROUTES.map((name) => [name, toEndpoint(name)]),
) as { [Name in CommandRoute]: CommandEndpoint<Name> };
