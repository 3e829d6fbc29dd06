import { z } from 'zod';
import { COMMANDS, type CommandName } from './events.js';
import { numeric } from './numeric.js';

interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: `/${string}`;
  /** What is answered when it worked; 200 unless said. */
  status?: number;
}

/** Commands over HTTP: the path gives some fields of the payload, the query (GET, DELETE) or the body the others. */
const ROUTES = {
  createGroup: { method: 'post', path: '/api/conversations', status: 201 },
  updateConversation: { method: 'patch', path: '/api/conversations/:conversationId' },
  deleteConversation: { method: 'delete', path: '/api/conversations/:conversationId' },
  getMembers: { method: 'get', path: '/api/conversations/:conversationId/members' },
  addMembers: { method: 'post', path: '/api/conversations/:conversationId/members' },
  setRole: { method: 'patch', path: '/api/conversations/:conversationId/members/:userId' },
  removeMember: { method: 'delete', path: '/api/conversations/:conversationId/members/:userId' },
  joinConversation: { method: 'post', path: '/api/conversations/:conversationId/join' },
  leaveConversation: { method: 'post', path: '/api/conversations/:conversationId/leave' },
  setConversation: { method: 'patch', path: '/api/conversations/:conversationId/own' },
  clearHistory: { method: 'post', path: '/api/conversations/:conversationId/clear' },
  unmatch: { method: 'post', path: '/api/conversations/:conversationId/unmatch' },
  editMessage: { method: 'patch', path: '/api/conversations/:conversationId/messages/:seq' },
  deleteMessage: { method: 'delete', path: '/api/conversations/:conversationId/messages/:seq' },
  getEdits: { method: 'get', path: '/api/conversations/:conversationId/messages/:seq/edits' },
  getReceipts: { method: 'get', path: '/api/conversations/:conversationId/messages/:seq/receipts' },
  getReactions: { method: 'get', path: '/api/conversations/:conversationId/messages/:seq/reactions' },
  react: { method: 'put', path: '/api/conversations/:conversationId/messages/:seq/reactions/:emoji' },
  pinMessage: { method: 'put', path: '/api/conversations/:conversationId/messages/:seq/pin' },
  getChanges: { method: 'get', path: '/api/conversations/:conversationId/changes' },
  searchMessages: { method: 'get', path: '/api/search' },
  getBlocked: { method: 'get', path: '/api/blocks' },
  blockUser: { method: 'put', path: '/api/blocks/:userId' },
  report: { method: 'post', path: '/api/reports', status: 201 },
  getReports: { method: 'get', path: '/api/reports' },
  resolveReport: { method: 'post', path: '/api/reports/:reportId/resolve' },
  restrictUser: { method: 'put', path: '/api/users/:userId/restriction' },
  getPrivacy: { method: 'get', path: '/api/users/me/privacy' },
  setPrivacy: { method: 'patch', path: '/api/users/me/privacy' },
} as const satisfies Partial<Record<CommandName, Route>>;

export type RoutedCommand = keyof typeof ROUTES;
export const ROUTED_COMMANDS = Object.keys(ROUTES) as RoutedCommand[];

type Shape = Record<string, z.ZodType>;

const isNumber = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodOptional ? isNumber(schema.unwrap() as z.ZodType) : schema instanceof z.ZodNumber;

/** A field as a path or a query string has it: numbers are digits there. */
function asText(schema: z.ZodType): z.ZodType {
  if (!isNumber(schema)) return schema;
  if (schema instanceof z.ZodOptional) return asText(schema.unwrap() as z.ZodType).optional();
  return numeric(schema as z.ZodType<number, number>);
}

const textual = (shape: Shape): Shape =>
  Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, asText(schema)]));

/** Splits a command's payload over the parts of a request. */
function toEndpoint(name: RoutedCommand) {
  const { method, path, status = 200 }: Route = ROUTES[name];
  const { payload, answer, codes, bucket, summary } = COMMANDS[name];
  const inPath = new Set([...path.matchAll(/:(\w+)/g)].map(([, field]) => field));
  const fields = Object.entries(payload.shape as Shape);
  const params = Object.fromEntries(fields.filter(([field]) => inPath.has(field)));
  const rest = Object.fromEntries(fields.filter(([field]) => !inPath.has(field)));
  const hasBody = method !== 'get' && method !== 'delete';
  const isEmpty = Object.values(rest).every((schema) => schema.safeParse(undefined).success);
  const body = z.strictObject(hasBody ? rest : {});
  return {
    ...{ method, path, status, answer, codes, bucket, summary, command: name },
    params: z.strictObject(textual(params)),
    query: z.strictObject(hasBody ? {} : textual(rest)),
    body: !hasBody || isEmpty ? body.optional() : body,
  };
}

type CommandEndpoint<Name extends RoutedCommand> = Omit<
  ReturnType<typeof toEndpoint>,
  'answer' | 'command'
> & {
  answer: (typeof COMMANDS)[Name]['answer'];
  command: Name;
};

/** A row for each command that has a route of its own. */
export const COMMAND_ENDPOINTS = Object.fromEntries(
  ROUTED_COMMANDS.map((name) => [name, toEndpoint(name)]),
) as { [Name in RoutedCommand]: CommandEndpoint<Name> };
