import type { CommandName, ConversationId, MessageId } from '../../../contract/index.js';
import { Sealed } from '../services/membership/rules.js';
import { MAX_HOPS, type Moves } from '../services/moves.js';
import { AppError } from '../utils/appError.js';
import type { CommandContext, CommandHandlers } from './types.js';

/** What a command may say of a conversation: its id, places in its log, places in its change log, a message. */
interface Addressed {
  conversationId: ConversationId;
  messageId?: MessageId;
}

/** Places that name one message: where there was none, there is none now. */
const EXACT = ['seq', 'replyTo'] as const;
/** Places between messages: the last message up to there is as good. */
const BETWEEN = ['before', 'after', 'around'] as const;
/** Here `seq` means everything up to it. */
const POSITIONS: readonly string[] = ['message:read', 'message:delivered'] satisfies CommandName[];

const isAddressed = (payload: unknown): payload is Addressed =>
  typeof payload === 'object' &&
  payload !== null &&
  'conversationId' in payload &&
  typeof payload.conversationId === 'string';

/**
 * Leads commands that name a sealed conversation to the one in which it goes on, with the places that they name. The
 * one place where that is done, for sockets and for HTTP.
 */
export function followMoves(moves: Moves, handlers: CommandHandlers): CommandHandlers {
  type Handler = (context: CommandContext, payload: unknown) => Promise<unknown>;
  const following = Object.entries(handlers).map(([name, handler]): [string, Handler] => {
    // Each is called with what its own row of the table parsed, or with the same under another id.
    const handle = handler as Handler;
    return [name, (context, payload) => follow(moves, { name, handle, context }, payload)];
  });
  // The names are those of `handlers`, each once.
  return Object.fromEntries(following) as unknown as CommandHandlers;
}

interface Call {
  name: string;
  handle: (context: CommandContext, payload: unknown) => Promise<unknown>;
  context: CommandContext;
}

async function follow(moves: Moves, { name, handle, context }: Call, payload: unknown): Promise<unknown> {
  let [current, inside] = [payload, context];
  for (let hop = 0; ; hop += 1) {
    try {
      return await handle(inside, current);
    } catch (error) {
      if (!(error instanceof Sealed) || hop >= MAX_HOPS || !isAddressed(current)) throw error;
      const { conversationId: from } = current;
      const { userId } = context.principal;
      const into = await moves.destination(userId, { from, into: error.into });
      await moves.arrive(userId, { from, into });
      const replyTo = Reflect.get(current, 'replyTo') as number | undefined;
      inside = { ...inside, sentReplyTo: inside.sentReplyTo ?? replyTo };
      current = await readdress(moves, { name, payload: current, into, isSplit: from === error.into });
    }
  }
}

interface Redirection {
  name: string;
  payload: Addressed;
  into: ConversationId;
  isSplit: boolean;
}

async function readdress(moves: Moves, { name, payload, into, isSplit }: Redirection): Promise<Addressed> {
  const { conversationId: from, messageId } = payload;
  const within = isSplit ? into : undefined;
  const places: Record<string, unknown> = {};
  const move = async (field: string, floor: boolean): Promise<void> => {
    const seq: unknown = Reflect.get(payload, field);
    if (typeof seq !== 'number') return;
    const to = seq === 0 ? 0 : await moves.seqOf(from, seq, { floor, within });
    if (to === undefined && !floor) {
      throw new AppError('NOT_FOUND', 'There is no such message in this conversation.');
    }
    // Before everything that has moved lies the beginning of the new log.
    places[field] = to ?? (field === 'after' ? 0 : 1);
  };
  for (const field of EXACT) await move(field, POSITIONS.includes(name));
  for (const field of BETWEEN) await move(field, true);
  const afterRev: unknown = Reflect.get(payload, 'afterRev');
  if (typeof afterRev === 'number') places['afterRev'] = await moves.revOf(from, afterRev);
  if (messageId !== undefined) places['messageId'] = (await moves.messageOf(messageId)) ?? messageId;
  return { ...payload, ...places, conversationId: into };
}
