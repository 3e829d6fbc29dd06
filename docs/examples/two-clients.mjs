// Two people, one chat: run it beside a server started with `npm start`, with the same PORT where that is set.
//   node docs/examples/two-clients.mjs [address]
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';

const address = process.argv[2] ?? `http://localhost:${process.env.PORT ?? 3000}`;
const { data } = await (await fetch(`${address}/api/demo`)).json();
const tokenOf = (id) => data.users.find((user) => user._id === id).token;

const connect = (id) => {
  const socket = io(address, { auth: { token: tokenOf(id) } });
  socket.on('connect_error', (error) => console.log(id, 'cannot connect:', error.data ?? error.message));
  return socket;
};
const alice = connect('alice');
const bob = connect('bob');

const heard = new Promise((resolve) => bob.on('message:new', ({ data: message }) => resolve(message)));

const opened = await alice.emitWithAck('getOrCreateDirect', { otherUserId: 'bob' });
const conversationId = opened.data.conversation._id;
const payload = { conversationId, content: 'Hello Bob', clientMessageId: randomUUID() };
const sent = await alice.emitWithAck('sendMessage', payload);
console.log('alice sent     ', { seq: sent.data.seq, duplicate: sent.data.duplicate });

const message = await heard;
console.log('bob heard      ', { seq: message.seq, from: message.sender.name, content: message.content });

const again = await alice.emitWithAck('sendMessage', payload);
console.log('alice retried  ', { seq: again.data.seq, duplicate: again.data.duplicate });

const status = new Promise((resolve) =>
  alice.on('message:status', ({ data: position }) => resolve(position)),
);
await bob.emitWithAck('message:read', { conversationId, seq: message.seq });
console.log('alice sees     ', { readBy: (await status).userId, readSeq: (await status).readSeq });

alice.disconnect();
bob.disconnect();
