// A worker's end of the broker in a separate process, driven by a test: receives `call`, sends `returned` and `heard`.
import { BrokerBus } from '../../../dist/backend/src/cluster/broker/brokerBus.js';
import { BrokerLink } from '../../../dist/backend/src/cluster/broker/brokerLink.js';
import { BrokerPresence } from '../../../dist/backend/src/cluster/broker/brokerPresence.js';

const maxBytes = Number(process.argv[2]);
const link = new BrokerLink(
  (frames, done) => process.send({ parley: 'broker', frames }, undefined, {}, done),
  {
    maxBytes,
  },
);
const bus = new BrokerBus(link);
const store = new BrokerPresence(link);
const hear = (heard, ...args) => process.send({ heard, args });
store.onDoubt(() => hear('doubt'));

const calls = {
  start: () => bus.start({ onMessage: (...args) => hear('message', ...args), onGap: () => hear('gap') }),
  publish: (room, message) => bus.publish(room, message),
  publishMany: (room, count, text) => {
    for (let index = 0; index < count; index += 1) bus.publish(room, `${index} ${text}`);
  },
  listen: (room) => bus.listen(room),
  unlisten: (room) => bus.unlisten(room),
  closeBus: () => bus.close(),
  isUp: () => bus.isUp,
  enter: (userId) => store.enter(userId),
  // In one turn, so that nothing leaves the process between the messages and the users.
  floodAndEnter: async (room, count, text, userIds) => {
    calls.publishMany(room, count, text);
    const entered = await Promise.allSettled(userIds.map((userId) => store.enter(userId)));
    return entered.flatMap(({ reason }) => (reason === undefined ? [] : [reason.name]));
  },
  leave: (userId) => store.leave(userId),
  findOnline: async (userIds) => [...(await store.findOnline(userIds))],
  closeStore: () => store.close(),
  memory: () => process.memoryUsage.rss(),
};

process.on('message', async (message) => {
  if (message.parley === 'broker') link.receive(message.frames);
  if (message.call === undefined) return;
  const { call, id, args } = message;
  try {
    process.send({ returned: id, value: await calls[call](...args) });
  } catch (error) {
    process.send({ returned: id, error: `${error.name}: ${error.message}` });
  }
});
process.on('disconnect', () => process.exit());
process.send({ heard: 'begun', args: [] });
