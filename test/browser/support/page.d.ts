/**
 * Types of the page's modules, which are plain JavaScript, as far as the tests use them. `types.test.ts` checks the
 * same tests against the modules themselves, so that the types here cannot differ from them.
 */
// Files that declare ambient modules cannot have imports.
/* eslint-disable @typescript-eslint/consistent-type-imports */
type PageAction = import('../../../backend/public/js/types.js').Action;
type PageState = import('../../../backend/public/js/types.js').State;
type PageStore = import('../../../backend/public/js/types.js').Store;
type PageConversation = import('../../../backend/public/js/types.js').Conversation;
type PagePending = import('../../../backend/public/js/types.js').Pending;
type PageMessage = import('../../../backend/public/js/types.js').Message;
type PageAsk = import('../../../backend/public/js/types.js').Ask;
type PageConnection = import('../../../backend/public/js/types.js').Connection;
type PageAnswer = import('../../../backend/public/js/types.js').Answer;
/* eslint-enable @typescript-eslint/consistent-type-imports */

declare module '*/public/js/store.js' {
  export function createState(me: string): PageState;
  export function reduce(state: PageState, action: PageAction): PageState;
  export function createStore(initial: PageState): PageStore;
}

declare module '*/public/js/selectors.js' {
  export function listOf(state: PageState): PageConversation[];
  export function logOf(state: PageState, id: string): readonly PageMessage[];
  export function pendingOf(state: PageState, id: string): PagePending[];
  export function statusOf(
    conversation: PageConversation | undefined,
    message: { seq: number },
  ): 'sent' | 'delivered' | 'read';
  export function unreadOf(state: PageState, conversation: PageConversation): number;
  export function totalUnread(state: PageState): number;
  export function arrivedSeq(state: PageState, conversation: PageConversation): number;
}

declare module '*/public/js/changes.js' {
  export function createChanges(parts: { store: PageStore; ask: PageAsk; onReload: () => void }): {
    complete: (id: string) => void;
    retryAll: () => void;
  };
}

declare module '*/public/js/log.js' {
  export function holes(log: readonly PageMessage[], lastSeq: number): { from: number; to: number }[];
}

declare module '*/public/js/errors.js' {
  export const RETRY: Record<string, 'same' | 'later' | 'auth' | 'never'>;
}

declare module '*/public/js/storage.js' {
  interface Area {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
    key(index: number): string | null;
    readonly length: number;
  }
  interface OutboxStorage {
    readOutbox: () => PagePending[];
    writePending: (entry: PagePending) => boolean;
    removePending: (clientMessageId: string) => void;
  }
  export function memoryArea(): Area;
  export function createStorage(area: Area, userId: string): OutboxStorage;
}

declare module '*/public/js/connection.js' {
  interface PageSession {
    userId: string;
    token: string;
    name: string | undefined;
    isDemo: boolean;
  }
  export function createConnection(parts: {
    io: (options: object) => unknown;
    session: PageSession;
    renew: (session: PageSession) => Promise<PageSession | undefined>;
    onChange: (connection: PageConnection) => void;
    onOnline: () => void;
    onOffline: () => void;
    onPush: (event: string, data: unknown) => void;
  }): { start: () => void; ask: (event: string, payload: object) => Promise<PageAnswer> };
}

declare module '*/public/js/outbox.js' {
  interface OutboxParts {
    store: PageStore;
    storage: {
      readOutbox: () => PagePending[];
      writePending: (entry: PagePending) => boolean;
      removePending: (clientMessageId: string) => void;
    };
    ask: PageAsk;
  }
  export function createOutbox(parts: OutboxParts): {
    restore: () => void;
    add: (conversationId: string, content: string) => void;
    retry: (clientMessageId: string) => void;
    discard: (clientMessageId: string) => void;
    start: () => void;
    stop: () => void;
  };
}

declare module '*/public/js/history.js' {
  export function createHistory(parts: { store: PageStore; ask: PageAsk; onReload: () => void }): {
    complete: (conversationId: string) => void;
    retryAll: () => void;
    open: (conversationId: string) => Promise<void>;
    loadOlder: (conversationId: string, before?: number) => Promise<void>;
  };
}

declare module '*/public/js/sync.js' {
  interface SyncParts {
    store: PageStore;
    ask: PageAsk;
    onPush: (event: string, data: unknown) => void;
    onSettled: () => void;
    onSynced: () => void;
    onForget: () => void;
    onSilence: () => void;
  }
  export function createSync(parts: SyncParts): {
    start: () => void;
    stop: () => void;
    run: () => void;
    push: (event: string, data: unknown) => void;
    loadMore: () => Promise<unknown>;
    reload: () => void;
  };
}

declare module '*/public/js/views/rows.js' {
  export function buildRows(
    state: PageState,
    view: { id: string; low: number; high: number; newFrom: number | undefined },
  ): { kind: string; key: string; text?: string; author?: string | undefined }[];
}

declare module '*/public/js/bidi.js' {
  export function showControls(text: string): string;
  export function showInvisible(name: string): string;
  export function isolate(text: string): string;
}

declare module '*/public/js/limits.js' {
  export const MAX_LENGTHS: Record<
    'text' | 'name' | 'title' | 'comment' | 'url' | 'userId' | 'words',
    number
  >;
  export function textLength(text: string): number;
  export function excessOf(text: string, max: number): string | undefined;
}

declare module '*/public/js/views/links.js' {
  export function splitLinks(text: string): { text: string; href?: string }[];
}
