import { conversationId as conversationIdSchema, type ConversationId } from '../../../../contract/index.js';

/** Maximum depth of a view of the contract. */
const MAX_DEPTH = 6;

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** True for the view of a conversation, whose `_id` is a conversation id. */
const isConversation = (value: Fields): boolean => 'participants' in value && 'memberCount' in value;

/** Replaces every conversation id in a view; all other values stay unchanged. */
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

/** Conversation ids in a view. */
export function conversationIdsIn(value: unknown): Set<ConversationId> {
  const found = new Set<ConversationId>();
  mapConversationIds(value, (id) => {
    found.add(id);
    return id;
  });
  return found;
}
