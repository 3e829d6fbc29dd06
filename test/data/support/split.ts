import { expect } from 'vitest';
import { participantsKey } from '../../../backend/src/utils/participantsKey.js';
import type { DataWorld } from '../../support/dataScript.js';

export const SPLIT = ['split-group-conversations', '--yes', '--json'] as const;
export const PEOPLE = ['ann', 'bob', 'shop'];
export const STARTS = {
  occasions: [
    { kind: 'product', id: 'lamp', startedBy: 'ann', at: new Date() },
    { kind: 'product', id: 'sofa', startedBy: 'bob', at: new Date() },
  ],
};

/** Checks that there are no orphans, no gaps in logs, no wrong keys, and exactly two members in each direct chat. */
export async function expectConsistent({ connection }: DataWorld): Promise<void> {
  const conversations = await connection.collection('conversations').find().toArray();
  const known = new Set(conversations.map(({ _id }) => _id.toHexString()));
  for (const name of ['messages', 'members', 'reactions', 'hides', 'changes']) {
    const orphans = (await connection.collection(name).find().toArray()).filter(
      ({ conversationId }) => !known.has(String(conversationId)),
    );
    expect(orphans, name).toEqual([]);
  }
  for (const {
    _id,
    type,
    participants,
    participantsKey: key,
    mergedInto,
    lastSeq,
    messageCount,
  } of conversations) {
    if (mergedInto !== undefined) continue;
    const log = await connection
      .collection('messages')
      .find({ conversationId: _id })
      .sort({ seq: 1 })
      .toArray();
    expect(log.map(({ seq }) => Number(seq))).toEqual(log.map((_, index) => index + 1));
    expect([Number(lastSeq), Number(messageCount)]).toEqual([log.length, Number(log.at(-1)?.['n'] ?? 0)]);
    const people = participants as string[];
    expect(log.every(({ senderId }) => people.includes(String(senderId)))).toBe(true);
    expect(people).toHaveLength(type === 'direct' ? 2 : 1);
    if (type === 'direct') expect(key).toBe(participantsKey(people[0] ?? '', people[1] ?? ''));
  }
}
