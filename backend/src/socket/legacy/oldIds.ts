import { conversationId as conversationIdSchema, type ConversationId } from '../../../../contract/index.js';

/** Lists in lists in objects: no view of the contract is deeper. */
const MAX_DEPTH = 6;

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** A view of a conversation, whose own id is the conversation's. */
const isConversation = (value: Fields): boolean => 'participants' in value && 'memberCount' in value;

/** What the server has to say with every id of a conversation changed; everything else stays as it is. */
export function mapConversationIds(
  value: unknown,
  change: (id: ConversationId) => string,
  depth = 0,
): unknown {
  if (!isFields(value) || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) {
    return value.map((one: unknown) => mapConversationIds(one, change, depth + 1));
  }
  const isOwnId = isConversation(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const isId = name === 'conversationId' || (name === '_id' && isOwnId);
      const id = isId ? conversationIdSchema.safeParse(inner) : undefined;
      return [name, id?.success === true ? change(id.data) : mapConversationIds(inner, change, depth + 1)];
    }),
  );
}

/** The conversations that something is about. */
export function conversationIdsIn(value: unknown): Set<ConversationId> {
  const found = new Set<ConversationId>();
  mapConversationIds(value, (id) => {
    found.add(id);
    return id;
  });
  return found;
}
