import { inject, onTestFailed } from 'vitest';
import type { Api } from '../../support/api.js';
import { newDatabaseName } from '../../support/server.js';
import { ServerProcess } from '../../support/serverProcess.js';
import { TcpProxy } from '../../support/tcpProxy.js';
import { Ledger } from './ledger.js';
import { Person, type Door } from './person.js';
import type { Lane } from './traffic.js';
import { Truth } from './truth.js';

type ProcessOptions = NonNullable<Parameters<typeof ServerProcess.start>[0]>;

/** Everything a fault test begins is ended here: processes, proxies, people. Use with `await using`. */
export class Scene implements AsyncDisposable {
  readonly ledger = new Ledger();
  readonly #owned: AsyncDisposable[] = [];

  private constructor(
    readonly mongoUri: string,
    readonly databaseName: string,
    /** What the database holds, past every server and proxy. */
    readonly truth: Truth,
  ) {}

  /** A new database; in that of the whole run, or in another one that a test may kill. */
  static async open(mongoUri = inject('mongoUri')): Promise<Scene> {
    const databaseName = newDatabaseName();
    const scene = new Scene(mongoUri, databaseName, await Truth.open(mongoUri, databaseName));
    scene.use(scene.truth);
    return scene;
  }

  use<One extends AsyncDisposable>(one: One): One {
    this.#owned.push(one);
    return one;
  }

  /** Starts a server process on this database; should the test fail, what it had to say is shown. */
  async start(options: ProcessOptions = {}): Promise<ServerProcess> {
    const { mongoUri, databaseName } = this;
    const server = this.use(await ServerProcess.start({ mongoUri, databaseName, ...options }));
    onTestFailed(() => console.log(`— server process ${server.child.pid ?? 0}:\n${server.output.join('')}`));
    return server;
  }

  /** Two server processes; the first perhaps with something of its own: a proxy before the database, other limits. */
  async startTwo(ofA: ProcessOptions = {}): Promise<{ a: ServerProcess; b: ServerProcess }> {
    return { a: await this.start(ofA), b: await this.start() };
  }

  /** A proxy in front of the database, or of something else. */
  async proxy(target: number | string = this.mongoUri): Promise<TcpProxy> {
    return this.use(await TcpProxy.start(target));
  }

  people(names: readonly string[], door: Door): Person[] {
    return names.map((name) => this.use(new Person(name, this.ledger, door)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#owned.reverse()) await one[Symbol.asyncDispose]();
  }
}

/** Asks each of these processes as any user. */
export const apisOf = (...servers: ServerProcess[]): ((userId: string) => Api)[] =>
  servers.map((server) => (userId) => server.api(userId));

/** Every pair of these people as a conversation, with both of them talking in it. */
export async function lanesOf(people: readonly Person[]): Promise<Lane[]> {
  const pairs = people.flatMap((one, index) => people.slice(index + 1).map((other) => [one, other] as const));
  const lanes = await Promise.all(
    pairs.map(async ([one, other]) => {
      const conversationId = await (await one.connected()).open(other.userId);
      return [one, other].map((person) => ({ person, conversationId }));
    }),
  );
  return lanes.flat();
}
