// One worker's end of the hub in a process of its own, driven by a test: `call` in, `returned` and `heard` out.
import { HubBus } from '../../../dist/backend/src/cluster/hub/hubBus.js';
import { HubLink } from '../../../dist/backend/src/cluster/hub/hubLink.js';
import { HubPresence } from '../../../dist/backend/src/cluster/hub/hubPresence.js';

const maxBytes = Number(process.argv[2]);
const link = new HubLink((frames, done) => process.send({ parley: 'hub', frames }, undefined, {}, done), {
  maxBytes,
});
const bus = new HubBus(link);
const store = new HubPresence(link);
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
  if (message.parley === 'hub') link.receive(message.frames);
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
