import { setTimeout as wait } from 'node:timers/promises';
import { first, type Cast } from './cast.js';
import type { Stage } from './stage.js';
import type { StormDevice } from './clients/stormDevice.js';
import { at, type Group, type KnownConversation } from './world.js';

/** There is one group per this many users; some of its members stay and some come and go. */
const PEOPLE_PER_GROUP = 8;
const STEADY = 4;
const REVOLVING = 3;
/** Users who never connect. With them the group is large, so that its member list is stored separately. */
const EXTRAS = 60;

/**
 * Creates several groups, a large one, and a channel. Each is created twice at once, with one key, through two servers.
 */
export async function gather(stage: Stage, cast: Cast): Promise<void> {
  const random = stage.random.stream('groups');
  const count = Math.max(2, Math.round(cast.users.length / PEOPLE_PER_GROUP));
  await Promise.all(
    Array.from({ length: count + 2 }, (_, number) => {
      const people = random.shuffled(cast.users);
      const steady = people.slice(0, STEADY);
      const revolving = people.slice(STEADY, STEADY + REVOLVING);
      const isChannel = number === count + 1;
      return make(stage, cast, { number, steady, revolving, isCrowd: number >= count, isChannel });
    }),
  );
}

async function make(stage: Stage, cast: Cast, group: { number: number } & Group): Promise<void> {
  const { number, steady, revolving, isCrowd, isChannel } = group;
  const owner = first(cast.devices, steady[0] ?? '');
  const extras = isCrowd ? Array.from({ length: EXTRAS }, (_, index) => `extra-${index + 1}`) : [];
  const payload = {
    name: `Group ${number}`,
    participants: [...steady.slice(1), ...extras],
    clientConversationId: `group-${number}`,
    history: 'all',
    type: isChannel ? 'channel' : 'group',
  };
  const answers = await Promise.all([owner.ask('createGroup', payload), owner.ask('createGroup', payload)]);
  const ids = new Set(answers.flatMap((answer) => answer?.conversation._id ?? []));
  if (ids.size > 1) {
    const text = `a group that was made twice under one name is ${[...ids].join(' and ')}`;
    stage.violations.push({ rule: 'pair', text, evidence: [] });
  }
  for (const id of ids) {
    if (isChannel) await appoint(owner, id, steady.slice(1));
    stage.world.add(id, [...steady, ...revolving, ...extras], { steady, revolving, isCrowd, isChannel });
  }
}

/** Makes members admins, because in a channel only owner and admins write. */
async function appoint(
  owner: StormDevice,
  conversationId: string,
  userIds: readonly string[],
): Promise<void> {
  await Promise.all(userIds.map((userId) => owner.ask('setRole', { conversationId, userId, role: 'admin' })));
}

/** Until the end of the run, members are added, removed, or leave, while everyone writes. */
export async function revolve(stage: Stage, cast: Cast): Promise<void> {
  const random = stage.random.stream('revolving');
  const groups = stage.world.groups();
  const underWay: Promise<unknown>[] = [];
  while (!stage.over.signal.aborted) {
    const [which, who, what, waitMs] = [random.next(), random.next(), random.next(), random.whole(150, 700)];
    const conversation = at(groups, which);
    if (conversation !== undefined) underWay.push(turn(cast, conversation, { who, what }));
    await wait(waitMs);
  }
  await Promise.all(underWay);
}

/**
 * Adds or removes a user, or lets them leave, independent of their current state, so that some commands have no effect.
 */
async function turn(
  cast: Cast,
  { id: conversationId, group }: KnownConversation,
  { who, what }: { who: number; what: number },
): Promise<void> {
  const user = at(group?.revolving ?? [], who);
  const owner = group?.steady[0];
  if (user === undefined || owner === undefined) return;
  const device = first(cast.devices, owner);
  if (what < 0.55) await device.ask('addMembers', { conversationId, userIds: [user] });
  else if (what < 0.85) await device.ask('removeMember', { conversationId, userId: user });
  else await first(cast.devices, user).connection.call('leaveConversation', { conversationId });
}
