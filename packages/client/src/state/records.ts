import type { UserView } from '../wire/index.js';
import type { ClientState, ConversationRecord } from './types.js';

/** Returns the value of a key. User ids are any strings, `constructor` and `__proto__` among them. */
export const valueAt = <Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

/** Returns the record with a key set, or without it when the value is undefined; the same record when nothing changes. */
export function withKey<Value>(
  record: Readonly<Record<string, Value>>,
  key: string,
  value: Value | undefined,
): Readonly<Record<string, Value>> {
  if (valueAt(record, key) === value) return record;
  const { [key]: _replaced, ...rest } = record;
  return value === undefined ? rest : { ...rest, [key]: value };
}

export function updateConversation(
  state: ClientState,
  id: string,
  change: (conversation: ConversationRecord) => ConversationRecord,
): ClientState {
  const known = state.conversations[id];
  if (known === undefined) return state;
  const changed = share(known, change(known));
  if (changed === known) return state;
  return { ...state, conversations: { ...state.conversations, [id]: changed } };
}

/** Adds names and pictures. Users without either are skipped: an empty profile says nothing new. */
export function addUsers(state: ClientState, users: readonly UserView[]): ClientState {
  const changed = new Map<string, UserView>();
  for (const { _id, name, avatar } of users) {
    const known = changed.get(_id) ?? valueAt(state.users, _id);
    if (name === undefined && avatar === undefined) continue;
    if (known?.name !== name || known?.avatar !== avatar) changed.set(_id, { _id, name, avatar });
  }
  if (changed.size === 0) return state;
  return { ...state, users: { ...state.users, ...Object.fromEntries(changed) } };
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * Returns `next` with every part that equals `previous` replaced by it; `previous` itself when nothing differs. Views of an
 * unchanged conversation then cause no new references. Both are JSON: arrays, plain objects, primitive values.
 */
export function share<Value>(previous: Value | undefined, next: Value): Value {
  if (Object.is(previous, next)) return next;
  if (!isContainer(previous) || !isContainer(next)) return next;
  if (Array.isArray(next)) return Array.isArray(previous) ? shareArray(previous, next) : next;
  return Array.isArray(previous) ? next : shareObject(previous, next);
}

function shareArray<Value extends unknown[]>(previous: unknown[], next: Value): Value {
  const shared = next.map((item, index) => share(previous[index], item));
  const isSame = previous.length === shared.length && shared.every((item, index) => item === previous[index]);
  return (isSame ? previous : shared) as Value;
}

function shareObject<Value extends object>(previous: object, next: Value): Value {
  const before = new Map<string, unknown>(Object.entries(previous));
  const entries = Object.entries(next).map(
    ([key, value]: [string, unknown]) => [key, share(before.get(key), value)] as const,
  );
  const isSame = entries.every(([key, value]) => value === before.get(key));
  const keys = new Set(entries.map(([key]) => key));
  // A missing key and one without a value are the same.
  const isWhole = [...before].every(([key, value]) => value === undefined || keys.has(key));
  return (isSame && isWhole ? previous : Object.fromEntries(entries)) as Value;
}
