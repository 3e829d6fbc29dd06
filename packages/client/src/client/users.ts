import type { SafetyApi, UsersApi } from '../api/users.js';
import { derive } from '../observable/derived.js';
import type { ReadableStore } from '../observable/readableStore.js';
import { valueAt } from '../state/records.js';
import type { ClientState, Presence } from '../state/types.js';
import type { UserView } from '../wire/index.js';
import { createRun } from './answers.js';
import type { Engine } from './engine.js';

/** Names, pictures and presence of users. */
export function createUsersApi({ store, presence }: Engine): UsersApi {
  const users = new Map<string, ReadableStore<UserView>>();
  const presences = new Map<string, ReadableStore<Presence | undefined>>();

  function watch(userId: string): ReadableStore<Presence | undefined> {
    const known = derive<ClientState, Presence | undefined>(store, (state) =>
      valueAt(state.presence, userId),
    );
    return {
      getSnapshot: known.getSnapshot,
      subscribe(listener) {
        const unsubscribe = known.subscribe(listener);
        const unwatch = presence.add(userId);
        return () => {
          unsubscribe();
          unwatch();
        };
      },
    };
  }

  return {
    get: (userId) =>
      remember(users, userId, () => {
        const unknown: UserView = { _id: userId };
        return derive<ClientState, UserView>(store, (state) => valueAt(state.users, userId) ?? unknown);
      }),
    presence: (userId) => remember(presences, userId, () => watch(userId)),
  };
}

function remember<Value>(known: Map<string, Value>, key: string, create: () => Value): Value {
  const value = known.get(key) ?? create();
  known.set(key, value);
  return value;
}

/** Blocks, reports and privacy. */
export function createSafetyApi({ ask, store, pushes }: Engine): SafetyApi {
  const run = createRun(ask);

  /** Blocking a user changes what is visible in groups. */
  async function setBlocked(userId: string, blocked: boolean): Promise<void> {
    await run('blockUser', { userId, blocked });
    pushes.reloadGroups();
  }

  return {
    block: (userId) => setBlocked(userId, true),
    unblock: (userId) => setBlocked(userId, false),
    getBlocked: (page = {}) => run('getBlocked', page),
    report: (input) => run('report', input),
    async unmatch(conversationId) {
      await run('unmatch', { conversationId });
      store.dispatch({ type: 'removed', conversationId });
    },
    getPrivacy: async () => (await run('getPrivacy', {})).privacy,
    updatePrivacy: async (changes) => (await run('updatePrivacy', changes)).privacy,
    getReports: (input = {}) => run('getReports', input),
    async resolveReport(input) {
      await run('resolveReport', input);
    },
    getAudit: (page = {}) => run('getAudit', page),
    async restrictUser(userId, restricted) {
      await run('restrictUser', { userId, restricted });
    },
  };
}
