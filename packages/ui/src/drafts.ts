import type { Message } from '@parley/client';

/** Texts that were begun and not sent, by conversation id. */
export interface Drafts {
  get: (conversationId: string) => string;
  set: (conversationId: string, text: string) => void;
  /** The message that a draft answers. Kept in memory only. */
  getReply: (conversationId: string) => Message | undefined;
  setReply: (conversationId: string, message: Message | undefined) => void;
  subscribe: (listener: () => void) => () => void;
}

/** A part of `Storage` of browsers; on phones, for example, MMKV. */
export interface KeyValueStorage {
  getItem: (key: string) => string | null | undefined;
  setItem: (key: string, value: string) => void;
  removeItem: (key: string) => void;
}

/**
 * Keeps drafts in memory, and in a storage if there is one.
 *
 * @param prefix of the storage's keys: name the user in it
 */
export function createDrafts(storage?: KeyValueStorage, prefix = 'parley.draft.'): Drafts {
  const texts = new Map<string, string>();
  const replies = new Map<string, Message | undefined>();
  const listeners = new Set<() => void>();
  return {
    getReply: (conversationId) => replies.get(conversationId),
    setReply: (conversationId, message) => void replies.set(conversationId, message),
    get(conversationId) {
      const known = texts.get(conversationId) ?? storage?.getItem(prefix + conversationId) ?? '';
      texts.set(conversationId, known);
      return known;
    },
    set(conversationId, text) {
      const isChanged = (texts.get(conversationId) ?? '') !== text;
      texts.set(conversationId, text);
      if (!isChanged) return;
      try {
        if (text === '') storage?.removeItem(prefix + conversationId);
        else storage?.setItem(prefix + conversationId, text);
      } catch {
        // A full storage: the draft stays in memory.
      }
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
