/**
 * What this browser keeps of one user. The outbox is what nobody else has: each message lies under a key of its own,
 * so that two tabs never overwrite each other's, and it is written first. The cache can be had again from the server:
 * it gives way when there is no room.
 *
 * @import { Cached, Pending } from './types.js'
 */

const CACHE_VERSION = 2;
const CACHE_PREFIX = 'parley.cache.';

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>} Area */

/**
 * The browser's own; where it is forbidden, what lives as long as the page.
 *
 * @returns {Area}
 */
export function browserArea() {
  try {
    return localStorage;
  } catch {
    return memoryArea();
  }
}

/** @returns {Area} */
export function memoryArea() {
  /** @type {Map<string, string>} */
  const values = new Map();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    key: (index) => [...values.keys()][index] ?? null,
    get length() {
      return values.size;
    },
  };
}

/**
 * @param {Area} area
 * @param {string} userId
 */
export function createStorage(area, userId) {
  const cacheKey = cacheKeyOf(userId);
  // A user id may hold a slash: as it is, `a` would also find what belongs to `a/b`.
  const outboxPrefix = `parley.outbox.${encodeURIComponent(userId)}/`;
  let isClosed = false;

  /**
   * @param {string} key
   * @param {string} value
   */
  function write(key, value) {
    if (isClosed) return false;
    try {
      area.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  }

  return {
    /** @returns {Cached | undefined} */
    readCache() {
      const cached = parse(area.getItem(cacheKey));
      return cached?.version === CACHE_VERSION ? cached.content : undefined;
    },

    /** @param {Cached} content */
    writeCache(content) {
      // No room: better no cache than an old one, whose cursor would be older than what other tabs have.
      if (!write(cacheKey, JSON.stringify({ version: CACHE_VERSION, content }))) area.removeItem(cacheKey);
    },

    dropCache() {
      area.removeItem(cacheKey);
    },

    /** @returns {Pending[]} in the order in which they were written */
    readOutbox() {
      return keysOf(area)
        .filter((key) => key.startsWith(outboxPrefix))
        .flatMap((key) => parse(area.getItem(key)) ?? [])
        .sort((a, b) => a.order - b.order);
    },

    /**
     * @param {Pending} entry
     * @returns {boolean} whether it would survive a reload
     */
    writePending(entry) {
      const [key, value] = [outboxPrefix + entry.clientMessageId, JSON.stringify(entry)];
      if (write(key, value)) return true;
      area.removeItem(cacheKey);
      return write(key, value);
    },

    /** @param {string} clientMessageId */
    removePending(clientMessageId) {
      area.removeItem(outboxPrefix + clientMessageId);
    },

    /** Removes everything of this user, unsent messages too, and writes nothing any more. */
    wipe() {
      isClosed = true;
      for (const key of keysOf(area))
        if (key === cacheKey || key.startsWith(outboxPrefix)) area.removeItem(key);
    },

    /**
     * The message that another tab has taken out of the outbox, when this is what changed.
     *
     * @param {{ key: string | null, newValue: string | null }} change
     */
    removedElsewhere({ key, newValue }) {
      return newValue === null && key?.startsWith(outboxPrefix) ? key.slice(outboxPrefix.length) : undefined;
    },
  };
}

/**
 * Removes what was loaded for other users of this browser. Their unsent messages stay until they sign out: nobody else
 * has them.
 *
 * @param {Area} area
 * @param {string} userId
 */
export function dropCachesOfOthers(area, userId) {
  for (const key of keysOf(area))
    if (key.startsWith(CACHE_PREFIX) && key !== cacheKeyOf(userId)) area.removeItem(key);
}

/** @param {string} userId */
const cacheKeyOf = (userId) => CACHE_PREFIX + encodeURIComponent(userId);

/** @param {Area} area */
const keysOf = (area) => Array.from({ length: area.length }, (_, index) => area.key(index) ?? '');

/** @param {string | null} text */
function parse(text) {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
