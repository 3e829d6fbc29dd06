/** The part of the Web Locks API that is used. */
export interface TabLocks {
  request: (
    name: string,
    options: { signal?: AbortSignal; steal?: boolean },
    callback: () => Promise<void>,
  ) => Promise<unknown>;
}

/** The part of `BroadcastChannel` that is used. */
export interface TabBus {
  postMessage: (message: unknown) => void;
  close: () => void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

/** How tabs of one origin find each other. */
export interface TabPorts {
  locks: TabLocks;
  openBus: (name: string) => TabBus;
}

interface BrowserGlobals {
  document?: unknown;
  navigator?: { locks?: TabLocks };
  BroadcastChannel?: new (name: string) => TabBus;
}

/** Returns the browser's own; undefined in other environments and where Web Locks are missing (insecure origins). */
export function browserTabPorts(): TabPorts | undefined {
  const { document, navigator, BroadcastChannel } = globalThis as object as BrowserGlobals;
  const locks = navigator?.locks;
  if (document === undefined || locks === undefined || BroadcastChannel === undefined) return undefined;
  return {
    locks: { request: (name, options, callback) => locks.request(name, options, callback) },
    openBus: (name) => new BroadcastChannel(name),
  };
}
