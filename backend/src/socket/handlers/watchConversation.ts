import type { CommandData, CommandPayload } from '../../../../contract/index.js';
import type { HandlerDeps, SocketContext } from './types.js';

/**
 * Starts or stops the live delivery of a large group or channel to this connection. Joins first and reads the head
 * afterwards, so that no message falls between the two.
 */
export async function watchConversation(
  { access, heads, watchedConversations }: Pick<HandlerDeps, 'access' | 'heads' | 'watchedConversations'>,
  { principal, socket }: SocketContext<'watchConversation'>,
  { conversationId, watching }: CommandPayload<'watchConversation'>,
): Promise<CommandData<'watchConversation'>> {
  const { membership, facts } = await access.requireMember(principal.userId, conversationId);
  if (watching) watchedConversations.enter(socket, membership, facts.joinedSeq);
  else watchedConversations.leave(socket, conversationId);
  return heads.read(conversationId);
}
