/** The load generator: a separate process that receives its commands over IPC. */
import type { LoadCommandName, LoadCommands, LoadReply, LoadRequest } from './commands.js';
import { Fleet } from './fleet.js';
import { ReconnectLoad } from './reconnect.js';
import { ask, broadcast, openRing, syncAll } from './atOnce.js';
import { runCommandLoop } from './commandLoop.js';
import { makeGroup, post, readEach, readTogether, runHotGroup } from './groups.js';
import { makeConversations, readAllBut, readList, readUnread } from './lists.js';
import { runClosedLoop, runFill, runOpenLoop, type Marks } from './loops.js';
import { markRead, race, readHistory } from './reads.js';
import { runRooms } from './rooms.js';

type Handlers = {
  [Name in LoadCommandName]: (input: LoadCommands[Name]['input']) => Promise<LoadCommands[Name]['output']>;
};

const fleet = new Fleet();
const reply = (message: LoadReply): void => {
  process.send?.(message);
};
const marks: Marks = { begin: () => reply({ type: 'begin' }), end: () => reply({ type: 'end' }) };

const firstOf = (group: string) => {
  const user = fleet.group(group)[0];
  if (user === undefined) throw new Error(`Group ${group} is empty.`);
  return user;
};

let reconnects: ReconnectLoad | undefined;

const handlers: Handlers = {
  connect: (input) => fleet.connect(input),
  disconnect: async ({ group }) => {
    await fleet.disconnect(group);
    return null;
  },
  pairUp: async ({ group }) => ({ conversationIds: await fleet.pairUp(group) }),
  closedLoop: (input) => runClosedLoop(fleet.group(input.group), input, marks),
  openLoop: (input) => runOpenLoop(fleet.group(input.group), input, marks),
  commandLoop: (input) => runCommandLoop(fleet.group(input.group), input, marks),
  rooms: (input) => runRooms(fleet.group(input.group), input, marks),
  beginReconnects: ({ groups, senders, perSecond }) => {
    const users = groups.flatMap((group) => fleet.group(group));
    reconnects = new ReconnectLoad(users, { senders: fleet.group(senders), perSecond });
    return Promise.resolve(null);
  },
  awaitReconnects: (input) => {
    if (reconnects === undefined) throw new Error('beginReconnects was not called.');
    return reconnects.finish(input);
  },
  fill: (input) => runFill(fleet.group(input.group), input),
  readHistory: (input) => readHistory(firstOf(input.group), input),
  markRead: ({ group, seqs }) => markRead(firstOf(group), seqs),
  makeConversations,
  readAllBut: async ({ group, keep }) => {
    await readAllBut(firstOf(group), keep);
    return null;
  },
  readUnread: (input) => readUnread(firstOf(input.group), input),
  readList: (input) => readList(firstOf(input.group), input),
  makeGroup: (input) => makeGroup(firstOf(input.group), input),
  post: (input) => post(firstOf(input.group), input),
  readTogether: (input) => readTogether(fleet.group(input.group), input),
  readEach: ({ group, rounds }) => readEach(firstOf(group), rounds),
  hotGroup: (input) => runHotGroup(fleet.group(input.group), input, marks),
  ask: (input) => ask(firstOf(input.group), input),
  openRing: ({ group }) => openRing(fleet.group(group)),
  syncAll: ({ group }) => syncAll(fleet.group(group)),
  broadcast: (input) => broadcast(fleet.group(input.group), input, marks),
  race: ({ group, pair }) => race(fleet.group(group), pair),
};

async function run(request: LoadRequest): Promise<void> {
  try {
    const handle = handlers[request.name] as (input: unknown) => Promise<unknown>;
    reply({ type: 'done', output: await handle(request.input) });
  } catch (error) {
    reply({ type: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

process.on('message', (request: LoadRequest) => void run(request));
process.on('disconnect', () => process.exit(0));
// The benchmark ends its children itself, also on Ctrl-C.
process.on('SIGINT', () => undefined);
