import { vi } from 'vitest';
import type { TestServer } from '../../support/server.js';

/** Writes that a process makes after its answers: summaries or memberships. */
type Behind = 'summaries' | 'memberships';

/** Held writes do not reach the database until `release`; disposing releases them, too. */
export interface Held extends Disposable {
  release(): void;
}

/** Holds back writes that a server makes after its answers, like a slow database. */
export function holdBack(server: TestServer, behind: Behind): Held {
  const { conversations, members } = server.app.models;
  let release = (): void => undefined;
  const commandGuard = new Promise<void>((resolve) => (release = resolve));
  const spies =
    behind === 'summaries'
      ? [holdOne(conversations, 'mergeSummaries', commandGuard)]
      : [
          holdOne(conversations, 'applyMembership', commandGuard),
          holdOne(members, 'applyMembershipEvents', commandGuard),
        ];
  const letGo = (): void => {
    for (const spy of spies) spy.mockRestore();
    release();
  };
  return { release: letGo, [Symbol.dispose]: letGo };
}

type Written = (...args: never[]) => Promise<void>;

function holdOne<Name extends string>(
  model: Record<Name, Written>,
  name: Name,
  commandGuard: Promise<void>,
): { mockRestore: () => void } {
  const write = model[name].bind(model);
  const held: Written = async (...args) => {
    await commandGuard;
    await write(...args);
  };
  return vi.spyOn(model as Record<string, Written>, name).mockImplementation(held);
}
