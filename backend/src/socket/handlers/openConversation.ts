import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import type { HandlerParts, SocketContext } from './types.js';

/** This connection looks at a large group or channel, or no longer does. Joins first, reads the head after. */
export async function openConversation(
  { access, heads, openConversations }: Pick<HandlerParts, 'access' | 'heads' | 'openConversations'>,
  { principal, socket }: SocketContext,
  { conversationId, open }: CommandPayload<'openConversation'>,
): Promise<CommandData<'openConversation'>> {
  const { membership } = await access.requireMember(principal.userId, conversationId);
  if (open) openConversations.enter(socket, membership);
  else openConversations.leave(socket, conversationId);
  return heads.read(conversationId);
}
