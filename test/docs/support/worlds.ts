import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type mongoose from 'mongoose';
import { createMetaModel } from '../../../backend/src/models/metaModel.js';
import { storeMixed } from '../../data/support/mixedChat.js';
import { STARTS } from '../../data/support/split.js';
import { readJsonBlock } from './blocks.js';

/** Database and folder of one page of docs/operations. */
export interface Place {
  connection: mongoose.Connection;
  /** Working directory of the page's commands. */
  folder: string;
}

const say = (from: string, to: string) => ({ from, to });

/** Stores two chats of Ann and Bob, one without a key, and a chat with a third user. */
export async function storeDamage({ connection }: Place): Promise<void> {
  const chats = [
    { participants: ['ann', 'bob'], lines: [say('ann', 'bob'), say('bob', 'ann')] },
    { participants: ['ann', 'bob'], lines: [say('ann', 'bob')] },
  ];
  for (const chat of chats) await storeMixed(connection, chat);
  const keyless = await Promise.all([
    storeMixed(connection, { participants: ['ann', 'carl'], lines: [say('ann', 'carl')] }),
    storeMixed(connection, { participants: ['ann', 'bob', 'carl'], lines: [say('carl', 'ann')] }),
  ]);
  const withoutKey = { $unset: { participantsKey: 1 } };
  await connection.collection('conversations').updateMany({ _id: { $in: keyless } }, withoutKey);
}

/** Stores a chat in which both Ann and Bob wrote to a shop. */
export async function storeMixedChat({ connection }: Place): Promise<void> {
  await storeMixed(connection, {
    participants: ['shop', 'ann', 'bob'],
    lines: [
      say('ann', 'shop'),
      say('shop', 'ann'),
      say('bob', 'shop'),
      say('ann', 'shop'),
      say('shop', 'ann'),
      { ...say('shop', 'bob'), replyTo: 2 },
    ],
    fields: STARTS,
  });
}

/** Stores messages that are old enough for the archive. */
export async function storeOldMessages({ connection }: Place): Promise<void> {
  await storeMixed(connection, {
    participants: ['ann', 'bob'],
    lines: Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? say('ann', 'bob') : say('bob', 'ann'))),
  });
}

/** Stores messages of a server that has run, and with them the epoch of the database. */
export async function storeRestored(place: Place): Promise<void> {
  await storeOldMessages(place);
  await createMetaModel(place.connection).incrementPulse();
}

/** Stores the old system of the page's first mapping in a separate database. */
export async function storeOldShop({ connection, folder }: Place): Promise<void> {
  await writeFile(join(folder, 'shop.json'), await readJsonBlock('docs/operations/moving-from.md'));
  const shop = connection.useDb('oldshop');
  const people = ['Ann', 'Ben', 'Cem'].map((name) => ({ username: name.toLowerCase(), displayName: name }));
  await shop.collection('people').insertMany(people);
  let minute = 0;
  const write = (id: string, from: string) => {
    minute += 1;
    return { id, from, body: `text ${id}`, sentAt: new Date(Date.UTC(2025, 0, 1, 12, minute)) };
  };
  await shop.collection('chats').insertMany([
    { participants: ['ann', 'ben'], messages: [write('1', 'ann'), write('2', 'ben')] },
    { participants: ['ben', 'ann'], messages: [write('3', 'ann')] },
    { participants: ['ann', 'ben', 'cem'], title: 'Three', messages: [write('4', 'cem')] },
    { participants: ['ann', 'zoe'], messages: [write('5', 'ann')] },
  ]);
}
