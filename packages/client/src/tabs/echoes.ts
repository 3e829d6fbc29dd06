import type {
  OneConversation,
  CommandData,
  CommandMap,
  CommandName,
  CommandPayload,
  PushData,
  PushName,
} from '../wire/index.js';

export type Echo = { [Name in PushName]: { name: Name; data: PushData<Name> } }[PushName];

type EchoRule<Name extends CommandName> = (
  data: CommandData<Name>,
  payload: CommandPayload<Name>,
) => Echo | undefined;

/** Effects without a push of their own, and those that need more than the answer says. */
const syncSoon = (): Echo => ({ name: 'sync:advised', data: { withinMs: 0 } });

const updated = ({ conversation }: OneConversation): Echo => ({
  name: 'conversation:updated',
  data: {
    conversation,
    head: { conversationId: conversation._id, lastSeq: conversation.lastSeq, rev: conversation.rev },
  },
});

/**
 * The server sends the effects of a command to all connections of the user but the one that gave it. Tabs share a connection:
 * the tabs that did not give the command receive its effect as the push that the server sends to other devices.
 */
const RULES: { readonly [Name in CommandName]?: EchoRule<Name> } = {
  sendMessage: ({ duplicate: _, ...message }) => ({ name: 'message:new', data: message }),
  editMessage: ({ change }) => ({ name: 'message:updated', data: change }),
  pinMessage: ({ change }) => ({ name: 'message:updated', data: change }),
  react: ({ change }) => ({ name: 'message:reaction', data: change }),
  deleteMessage: syncSoon,
  'message:read': (position) => ({ name: 'message:status', data: position }),
  'message:delivered': (position) => ({ name: 'message:status', data: position }),
  updateSettings: ({ settings }) => ({ name: 'conversation:settings', data: settings }),
  clearHistory: ({ settings }) => ({ name: 'conversation:settings', data: settings }),
  deleteConversation: ({ settings }) => ({ name: 'conversation:settings', data: settings }),
  getOrCreateDirect: ({ conversation }) => ({ name: 'conversation:created', data: { conversation } }),
  createGroup: ({ conversation }) => ({ name: 'conversation:created', data: { conversation } }),
  joinConversation: ({ conversation }) => ({ name: 'conversation:created', data: { conversation } }),
  leaveConversation: ({ conversationId }) => ({
    name: 'conversation:removed',
    data: { conversationId, reason: 'left' },
  }),
  addMembers: updated,
  removeMember: updated,
  setRole: updated,
  updateConversation: updated,
  blockUser: syncSoon,
  unmatch: syncSoon,
};

/** Returns what the other tabs are told about a command that has succeeded; undefined for reads. */
export function echoOf<Name extends CommandName>(
  name: Name,
  payload: CommandPayload<Name>,
  data: CommandData<Name>,
): Echo | undefined {
  const rule: EchoRule<Name> | undefined = (RULES as { [Key in keyof CommandMap]?: EchoRule<Key> })[name];
  return rule?.(data, payload);
}
