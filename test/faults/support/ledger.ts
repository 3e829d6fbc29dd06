import { expect } from 'vitest';
import type { SentMessageView } from '../../../contract/index.js';
import type { StoredMessage, Truth } from './truth.js';

export interface Sent {
  conversationId: string;
  senderId: string;
  clientMessageId: string;
  content: string;
}

const keyOf = (sent: Pick<Sent, 'conversationId' | 'senderId' | 'clientMessageId'>): string =>
  [sent.conversationId, sent.senderId, sent.clientMessageId].join(' ');

/** Records what clients sent and received, for comparison with the database. */
export class Ledger {
  readonly #sent = new Map<string, Sent>();
  readonly #acked = new Map<string, SentMessageView>();
  readonly #refused = new Set<string>();
  readonly #ignored = new Set<string>();
  /** Read positions that were acknowledged. */
  readonly #read = new Map<string, number>();

  get ackedCount(): number {
    return this.#acked.size;
  }

  /** Called before the first attempt to send a message. */
  sending(sent: Sent): void {
    this.#sent.set(keyOf(sent), sent);
  }

  acked(view: SentMessageView): void {
    const before = this.#acked.get(keyOf(view));
    // Every later view of a message must have the same id and seq.
    if (before !== undefined) expect([view._id, view.seq]).toEqual([before._id, before.seq]);
    this.#acked.set(keyOf(view), view);
  }

  /** Records a final refusal: the message must never be stored. */
  refused(sent: Sent): void {
    this.#refused.add(keyOf(sent));
  }

  read(conversationId: string, userId: string, seq: number): void {
    const key = `${conversationId} ${userId}`;
    this.#read.set(key, Math.max(seq, this.#read.get(key) ?? 0));
  }

  /** Excludes a conversation to which others write: only its numbers are checked. */
  ignore(conversationId: string): void {
    this.#ignored.add(conversationId);
  }

  /**
   * promises 3, 4, 5 and 7 over everything stored: no hole and no repeat in any conversation, every acknowledged
   * message is there under its `seq`, nothing twice, nothing that nobody sent, no acknowledged position lost.
   *
   * @param conversationIds by default all that are stored.
   */
  async check(truth: Truth, conversationIds?: readonly string[]): Promise<StoredMessage[]> {
    const everything = (await truth.messages()).filter(
      ({ conversationId }) => conversationIds?.includes(conversationId) ?? true,
    );
    expectGapless(everything);
    // Membership events are written by the server, so no client has sent them.
    const stored = everything.filter(
      ({ conversationId, seq, control }) => control !== seq && !this.#ignored.has(conversationId),
    );
    const byKey = new Map(stored.map((message) => [keyOf(message), message]));
    expect(byKey.size, 'messages stored once').toBe(stored.length);
    const told = [...this.#acked.values()].map(({ _id, seq, content, ...view }) => ({
      key: keyOf(view),
      _id,
      seq,
      content,
    }));
    const kept = told.map(({ key }) => {
      const message = byKey.get(key);
      return { key, _id: message?._id, seq: message?.seq, content: message?.content };
    });
    expect(kept, 'what was acknowledged').toEqual(told);
    for (const [key, message] of byKey) {
      expect(message.content, `nothing but what was sent (${key})`).toBe(this.#sent.get(key)?.content);
      expect(this.#refused.has(key), `nothing that was refused (${key})`).toBe(false);
    }
    const read = new Map(
      (await truth.members()).map((one) => [`${one.conversationId} ${one.userId}`, one.lastReadSeq]),
    );
    // Sending counts as reading everything before.
    for (const { conversationId, senderId, seq } of stored) {
      const key = `${conversationId} ${senderId}`;
      read.set(key, Math.max(seq, read.get(key) ?? 0));
    }
    for (const [key, seq] of this.#read) {
      expect(read.get(key) ?? 0, `read position ${key}`).toBeGreaterThanOrEqual(seq);
    }
    return stored;
  }
}

/** Checks promise 3: in each conversation `seq` is 1, 2, 3 … without gaps, and `n` counts the messages. */
export function expectGapless(messages: readonly StoredMessage[]): void {
  for (const conversationId of new Set(messages.map((message) => message.conversationId))) {
    const log = messages.filter((message) => message.conversationId === conversationId);
    const numbers = log.map(({ seq }) => seq).sort((a, b) => a - b);
    expect(numbers, `seq in ${conversationId}`).toEqual(log.map((_, index) => index + 1));
    const inOrder = log.toSorted((a, b) => a.seq - b.seq);
    let counted = 0;
    const expected = inOrder.map(({ seq, control }) => (control === seq ? counted : (counted += 1)));
    expect(
      inOrder.map(({ n }) => n),
      `n in ${conversationId}`,
    ).toEqual(expected);
  }
}
