import { expect } from 'vitest';
import type { DataWorld } from '../../support/dataScript.js';

/** Checks the documents that an import writes: everything derived must follow from the log. */
export async function requireValidImport(world: DataWorld): Promise<void> {
  const messages = await world.connection
    .collection('messages')
    .find()
    .sort({ conversationId: 1, seq: 1 })
    .toArray();
  const ends = new Map<string, { seq: number; n: number }>();
  for (const message of messages) {
    const { conversationId, controlSeq } = message as { conversationId?: unknown; controlSeq?: unknown };
    const [seq, n] = [Number(message['seq']), Number(message['n'])];
    const key = String(conversationId);
    const before = ends.get(key) ?? { seq: 0, n: 0 };
    expect(seq).toBe(before.seq + 1);
    expect(n).toBe(before.n + (controlSeq === undefined ? 1 : 0));
    ends.set(key, { seq, n });
  }
  for (const conversation of await world.connection.collection('conversations').find().toArray()) {
    const end = ends.get(String(conversation._id)) ?? { seq: 0, n: 0 };
    expect([conversation['lastSeq'], conversation['messageCount']]).toEqual([end.seq, end.n]);
  }
}
