import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../random.js';
import { at, mayWrite, type KnownConversation, type World } from '../world.js';
import { decide, type Decision } from './decision.js';
import type { StormDevice } from './stormDevice.js';
import { trespass } from './trespass.js';

const MAX_WAITING = 10;

/** Lets a device act: one decision after another until it is stopped. */
export async function live(
  device: StormDevice,
  world: World,
  parts: { random: Random; over: AbortSignal; pace: number },
): Promise<void> {
  const { random, over } = parts;
  const { user } = device.parts;
  while (!over.aborted && !device.isStopped) {
    const decision = decide(random);
    const conversation = at(world.of(user), decision.which);
    if (conversation !== undefined) await act(device, world, { decision, conversation });
    await wait(decision.waitMs * parts.pace);
  }
}

async function act(
  device: StormDevice,
  world: World,
  { decision, conversation }: { decision: Decision; conversation: KnownConversation },
): Promise<void> {
  const { connection, parts } = device;
  const conversationId = conversation.id;
  switch (decision.action) {
    case 'say':
      // A user whose messages are not sent stops typing.
      if (device.unsent > MAX_WAITING || !mayWrite(conversation, parts.user)) return;
      device.say(conversationId, { hangUp: decision.hangUp });
      return;
    case 'read':
      await device.read(conversationId);
      return;
    case 'list':
      await device.list();
      return;
    case 'browse': {
      const head = device.head(conversationId);
      const before = 1 + Math.floor(decision.where * (head + 1));
      await device.browse(conversationId, decision.where > 0.5 ? { limit: 20 } : { before, limit: 50 });
      return;
    }
    case 'sync':
      await device.sync();
      return;
    case 'typing':
      await connection.call('typing', { conversationId, typing: decision.where < 0.5 });
      return;
    case 'watch':
      await connection.call('presence:watch', {
        userIds: world
          .of(parts.user)
          .flatMap(({ members }) => members.filter((one) => one !== parts.user))
          .slice(0, 50),
      });
      return;
    case 'hangUp':
      connection.hangUp();
      return;
    case 'goAway':
      await connection.close();
      await wait(decision.awayMs);
      if (!device.isStopped) connection.open();
      return;
    case 'trespass':
      await trespass(device, at(world.notOf(parts.user), decision.where)?.id, decision.which);
      return;
  }
}
