import { setTimeout as wait } from 'node:timers/promises';
import { first, meet, type Cast } from './cast.js';
import type { Stage } from './stage.js';
import { at, mayWrite } from './world.js';

/** Actions that need several clients at the same moment. */
const WEIGHTS = { meet: 3, double: 4, duel: 1 } as const;

/**
 * Repeats until the end of the run: two users open their conversation from both sides; a user sends the same message
 * from two devices at once; a user uses one id for two texts at once (one of them must be refused).
 */
export async function conduct(stage: Stage, cast: Cast): Promise<void> {
  const random = stage.random.stream('conductor');
  const withTwo = cast.users.filter((user) => (cast.devices.get(user)?.length ?? 0) > 1);
  const meetings: Promise<void>[] = [];
  for (let number = 1; !stage.over.signal.aborted; number += 1) {
    const [what, one, other, where] = [random.weighted(WEIGHTS), random.next(), random.next(), random.next()];
    const waitMs = random.whole(300, 1_500);
    const user = at(what === 'meet' ? cast.users : withTwo, one);
    const conversation = user === undefined ? undefined : at(stage.world.of(user), where);
    if (what === 'meet') {
      const friend = at(cast.users, other);
      if (user !== undefined && friend !== undefined && friend !== user) {
        meetings.push(meet(stage, first(cast.devices, user, where), first(cast.devices, friend, where)));
      }
    } else if (user !== undefined && conversation !== undefined && mayWrite(conversation, user)) {
      const clientMessageId = `${user}-${what}-${number}`;
      for (const [index, device] of (cast.devices.get(user) ?? []).entries()) {
        const content = what === 'double' ? `both say ${number}` : `version ${index} of ${number}`;
        device.say(conversation.id, { clientMessageId, content });
      }
    }
    await wait(waitMs);
  }
  await Promise.all(meetings);
}
