import { participantsKey } from '../../backend/src/utils/participantsKey.js';

/** A direct conversation to be stored. */
export interface ChatPlan {
  /** In the order of the key. */
  participants: [string, string];
  /** Undefined for documents from before keys existed. */
  key: string | undefined;
  messages: number;
  startedAt: number;
  /** Number by which the stored counts are lower than the log. */
  countsOffBy: number;
  /** True when one message is from a user who was never a member. */
  hasStranger: boolean;
}

/** Expected results of the tasks. They are known in advance, so that only correct runs count. */
export interface Expected {
  messages: number;
  conversations: number;
  duplicatePairs: number;
  withoutKey: number;
  countsOff: number;
  strangers: number;
  oldMessages: number;
}

const CHAT_MESSAGES = 100;
const DUPLICATES_PER_MESSAGES = 1_000;
const DAY_MS = 86_400_000;
const OLD_DAYS = 400;
const RECENT_DAYS = 100;
/** Option of `archive-messages`; lies between the two ages above. */
export const ARCHIVED_AFTER_DAYS = 180;
/** Time between two messages of a chat. */
export const PAUSE_MS = 60_000;
const COUNTS_OFF_BY = 3;

const idOf = (index: number): string => `user-${String(index).padStart(7, '0')}`;

const isWithoutKey = (index: number): boolean => index % 10 === 3;
const isOld = (index: number): boolean => index % 10 === 5;
const isOff = (index: number): boolean => index % 100 === 7;
const isWithStranger = (index: number): boolean => index % 1_000 === 9;

/**
 * Plans the chats: a tenth of the messages in one long chat, a tenth in pairs that have two chats without a key, the
 * rest in chats of 100 messages. Of those, one in ten has no key, one in ten is old, and one in a hundred has wrong
 * counts.
 */
export function* planChats(messages: number): Generator<ChatPlan> {
  const now = Date.now();
  const long = Math.floor(messages / 10);
  const duplicates = Math.max(1, Math.floor(messages / DUPLICATES_PER_MESSAGES));
  const others = Math.max(1, Math.floor((messages - long - duplicates * CHAT_MESSAGES) / CHAT_MESSAGES));
  const pair = (index: number): [string, string] => [idOf(2 * index), idOf(2 * index + 1)];
  const recent = now - RECENT_DAYS * DAY_MS;
  const fine = { countsOffBy: 0, hasStranger: false };
  const longPair = pair(0);
  yield {
    ...fine,
    participants: longPair,
    key: participantsKey(...longPair),
    messages: long,
    startedAt: recent,
  };
  for (let index = 0; index < duplicates; index += 1) {
    const participants = pair(1 + index);
    // The second chat starts half a pause later, so that the messages of the two interleave.
    for (const startedAt of [recent, recent + PAUSE_MS / 2]) {
      yield { ...fine, participants, key: undefined, messages: CHAT_MESSAGES / 2, startedAt };
    }
  }
  for (let index = 0; index < others; index += 1) {
    const participants = pair(1 + duplicates + index);
    yield {
      participants,
      messages: CHAT_MESSAGES,
      key: isWithoutKey(index) ? undefined : participantsKey(...participants),
      startedAt: isOld(index) ? now - OLD_DAYS * DAY_MS : recent,
      countsOffBy: isOff(index) ? COUNTS_OFF_BY : 0,
      hasStranger: isWithStranger(index),
    };
  }
}

export function expectedOf(messages: number): Expected {
  const expected: Expected = {
    messages: 0,
    conversations: 0,
    duplicatePairs: 0,
    withoutKey: 0,
    countsOff: 0,
    strangers: 0,
    oldMessages: 0,
  };
  const oldBefore = Date.now() - ARCHIVED_AFTER_DAYS * DAY_MS;
  for (const chat of planChats(messages)) {
    expected.messages += chat.messages;
    expected.conversations += 1;
    if (chat.key === undefined) expected.withoutKey += 1;
    if (chat.key === undefined && chat.messages < CHAT_MESSAGES) expected.duplicatePairs += 0.5;
    if (chat.countsOffBy > 0) expected.countsOff += 1;
    if (chat.hasStranger) expected.strangers += 1;
    if (chat.startedAt < oldBefore) expected.oldMessages += chat.messages;
  }
  return expected;
}
