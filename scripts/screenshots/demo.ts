import { Person } from './person.js';
import { pdf, picture, voice } from './pictures.js';

type People = Readonly<Record<string, Person>>;

/** Fills the demo with what the pictures show. @returns its users, who stay connected */
export async function fillDemo(url: string): Promise<Person[]> {
  const response = await fetch(`${url}/api/demo`);
  // Written by the server of the same version.
  const { data } = (await response.json()) as { data: { users: { _id: string; token: string }[] } };
  const people: Record<string, Person> = {};
  for (const { _id, token } of data.users) people[_id] = new Person(url, token);
  const alice = data.users.find(({ _id }) => _id === 'alice');
  // The example chats are made when the first user asks for the matches.
  await fetch(`${url}/api/demo/matches`, { headers: { authorization: `Bearer ${alice?.token ?? ''}` } });
  await talkInArabic(people);
  await talkAboutBicycle(url, people);
  await talkInGroup(people);
  await talkToBob(people);
  await reportFarid(people);
  // Alice herself is in the windows.
  people['alice']?.close();
  return Object.values(people);
}

function personOf(people: People, name: string): Person {
  const person = people[name];
  if (person === undefined) throw new Error(`There is no ${name} in the demo.`);
  return person;
}

async function talkToBob(people: People): Promise<void> {
  const [alice, bob] = [personOf(people, 'alice'), personOf(people, 'bob')];
  const chat = await alice.openDirect('bob');
  await bob.say(chat, 'Morning! Are you coming along on Saturday?');
  const question = await alice.say(chat, 'Yes! Which hut?');
  const photo = await bob.sendFiles(chat, 'This one. We would sleep right at the lake.', [
    await picture('lake'),
  ]);
  await alice.do('react', { conversationId: chat, seq: photo, emoji: '❤️', on: true });
  await bob.do('react', { conversationId: chat, seq: question, emoji: '👍', on: true });
  await alice.say(chat, 'I am in. Who books?', { replyTo: photo });
  await bob.sendFiles(chat, '', [voice(14)]);
  await bob.sendFiles(chat, '', [pdf('Route and huts.pdf')]);
  const last = await alice.say(chat, 'Perfect, I bring the stove 🔥');
  await bob.do('message:read', { conversationId: chat, seq: last });
}

async function talkInGroup(people: People): Promise<void> {
  const [alice, bob, carol, dan] = [
    personOf(people, 'alice'),
    personOf(people, 'bob'),
    personOf(people, 'carol'),
    personOf(people, 'dan'),
  ];
  const participants = ['bob', 'carol', 'dan', 'eva', 'farid'];
  const { conversation } = await alice.do('createGroup', {
    name: 'Climbing club',
    participants,
    clientConversationId: 'climbing-club',
  });
  const group = conversation._id;
  const plan = await alice.say(group, 'Sunday, 9:00 at the car park. Who is coming?');
  await alice.do('pinMessage', { conversationId: group, seq: plan, pinned: true });
  await bob.say(group, 'Me! I bring both ropes.');
  for (const person of [bob, carol, dan])
    await person.do('react', { conversationId: group, seq: plan, emoji: '🧗', on: true });
  await carol.sendFiles(group, 'Last time, for everyone who missed it', [
    await picture('rock'),
    await picture('camp'),
  ]);
  await dan.say(group, 'What a wall. I will be there at half past.', { replyTo: plan });
  await alice.say(group, 'We wait for you at the bottom 😄');
  const last = await carol.say(group, 'I can take three of you in the car');
  await alice.do('react', { conversationId: group, seq: last, emoji: '🙌', on: true });
  await alice.do('message:read', { conversationId: group, seq: last });
}

async function talkInArabic(people: People): Promise<void> {
  const [farid, carol, alice] = [
    personOf(people, 'farid'),
    personOf(people, 'carol'),
    personOf(people, 'alice'),
  ];
  const { conversation } = await farid.do('createGroup', {
    name: 'نادي الجبال',
    participants: ['alice', 'carol', 'dan'],
    clientConversationId: 'mountain-club',
  });
  const group = conversation._id;
  const plan = await farid.say(group, 'صباح الخير! هل نلتقي يوم الأحد عند البحيرة؟');
  await carol.say(group, 'فكرة جميلة، سأحضر القهوة ☕');
  await farid.sendFiles(group, 'هذا هو المكان', [await picture('lake')]);
  await alice.say(group, 'رائع! في أي ساعة؟', { replyTo: plan });
  const last = await farid.say(group, 'في التاسعة تمامًا');
  await alice.do('react', { conversationId: group, seq: last, emoji: '👍', on: true });
  await alice.do('message:read', { conversationId: group, seq: last });
}

/** A card with a picture. Cards name pictures by their address: here one that was sent elsewhere. */
async function talkAboutBicycle(url: string, people: People): Promise<void> {
  const [alice, eva] = [personOf(people, 'alice'), personOf(people, 'eva')];
  const elsewhere = await eva.openDirect('dan');
  const seq = await eva.sendFiles(elsewhere, 'The one that I want', [await picture('bicycle')]);
  const { messages } = await eva.do('getMessages', { conversationId: elsewhere });
  const message = messages.find((one) => one.seq === seq);
  const path = message?.kind === 'hidden' ? undefined : message?.attachments[0]?.thumbnailUrl;
  const chat = await alice.openDirect('eva');
  await eva.say(chat, 'And is this the newest photo?', {
    card: {
      kind: 'product',
      id: 'bicycle-28',
      title: 'Touring bicycle, 28 inch',
      pictureUrl: new URL(path ?? '', url).href,
      price: { amount: '420.00', currency: 'EUR' },
    },
  });
  await alice.say(chat, 'Taken this morning. The bag comes with it.');
  const last = await eva.say(chat, 'I could come by at six?');
  await alice.do('message:read', { conversationId: chat, seq: last });
}

/** Messages that moderators find in the queue. */
async function reportFarid(people: People): Promise<void> {
  const [bob, farid, eva] = [personOf(people, 'bob'), personOf(people, 'farid'), personOf(people, 'eva')];
  const chat = await eva.openDirect('farid');
  await farid.say(chat, 'Hello, do you invest?');
  await eva.say(chat, 'No, why do you ask?');
  const seq = await farid.say(chat, 'Send 100 and get 1,000 back by Friday. Only today!');
  await eva.do('report', {
    conversationId: chat,
    seq,
    reason: 'scam',
    comment: 'Strangers should not get this.',
  });
  const other = await bob.openDirect('carol');
  await personOf(people, 'carol').say(other, 'The wall in the hall was hard today');
  const rude = await bob.say(other, 'You call that climbing?!');
  await personOf(people, 'carol').do('report', { conversationId: other, seq: rude, reason: 'harassment' });
}
