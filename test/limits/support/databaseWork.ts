import type { TestServer } from '../../support/server.js';

/** Collections that a server reads by itself, independent of its users. */
const POLLED: readonly unknown[] = ['users', 'blocks', 'processes', 'meta'];

export interface DatabaseRead {
  collection: string;
  /** Time limit sent with the read, in ms; NaN when it has none. */
  maxTimeMs: number;
}

/** Database work of a server, counted from events of its driver. */
export interface DatabaseWork {
  /** Reads sent for commands of users. */
  readonly reads: DatabaseRead[];
  /** Current and maximum number of operations that use or wait for a pooled connection. */
  underWay: number;
  mostUnderWay: number;
}

export function watchDatabase({ app }: TestServer): DatabaseWork {
  const work: DatabaseWork = { reads: [], underWay: 0, mostUnderWay: 0 };
  const client = app.models.conversations.model.db.getClient();
  client.on('commandStarted', ({ commandName, command }) => {
    const collection: unknown = command[commandName];
    if (!['find', 'aggregate'].includes(commandName) || POLLED.includes(collection)) return;
    work.reads.push({ collection: String(collection), maxTimeMs: Number(command['maxTimeMS']) });
  });
  client.on('connectionCheckOutStarted', () => {
    work.underWay += 1;
    work.mostUnderWay = Math.max(work.mostUnderWay, work.underWay);
  });
  for (const event of ['connectionCheckedIn', 'connectionCheckOutFailed'] as const) {
    client.on(event, () => (work.underWay -= 1));
  }
  return work;
}
