import mongoose from 'mongoose';
import { inject } from 'vitest';

/** Returns a time on a fixed day. */
export const at = (minute: number): Date => new Date(Date.UTC(2024, 0, 1, 12, minute));

/** Stores shape (a): a collection of chats with embedded messages, with user ids, without keys. */
export async function seedEmbedded(name: string): Promise<void> {
  const old = await mongoose.createConnection(inject('mongoUri'), { dbName: name }).asPromise();
  await old.collection('people').insertMany([
    { _id: 'ann' as never, displayName: 'Ann', photo: 'https://cdn.example.com/ann.jpg' },
    { _id: 'ben' as never, displayName: 'Ben' },
  ]);
  await old.collection('chats').insertMany([
    {
      participants: ['ann', 'ben'],
      messages: [
        { id: 'm2', from: 'ben', body: 'two', sentAt: at(2) },
        { id: 'm1', from: 'ann', body: 'one', sentAt: at(1) },
      ],
    },
    // A second chat of the same pair, which Parley prevents.
    { participants: ['ben', 'ann'], messages: [{ id: 'x1', from: 'ann', body: 'between', sentAt: at(1.5) }] },
    {
      participants: ['ann', 'ben', 'cem'],
      title: 'Trip',
      messages: [
        { id: 'g1', from: 'cem', body: 'hello', sentAt: at(3) },
        { id: 'g2', from: 'dora', body: 'was here once', sentAt: at(4) },
      ],
    },
  ]);
  await old.close();
}

/** Returns the mapping for shape (a). */
export const embedded = (database: string): object => ({
  source: 'shop',
  mongo: { database },
  users: { collection: 'people', id: '_id', name: 'displayName', avatar: 'photo' },
  conversations: {
    ...{ collection: 'chats', id: '_id', type: 'byParticipants', participants: 'participants' },
    ...{ name: 'title', messages: 'messages' },
  },
  messages: { id: 'id', sender: 'from', text: 'body', at: 'sentAt' },
});
