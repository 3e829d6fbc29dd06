import { inject, onTestFailed } from 'vitest';
import type { Api } from '../../support/api.js';
import { newDatabaseName } from '../../support/server.js';
import { ServerProcess } from '../../support/serverProcess.js';
import { TcpProxy } from '../../support/tcpProxy.js';
import { Ledger } from './ledger.js';
import { Person, type Endpoint } from './person.js';
import type { Lane } from './traffic.js';
import { Truth } from './truth.js';

type ProcessOptions = NonNullable<Parameters<typeof ServerProcess.start>[0]>;

/** Owns everything that a fault test starts: processes, proxies, users. Use with `await using`. */
export class Scene implements AsyncDisposable {
  readonly ledger = new Ledger();
  readonly #owned: AsyncDisposable[] = [];

  private constructor(
    readonly mongoUri: string,
    readonly databaseName: string,
    /** Direct access to the database, without servers and proxies. */
    readonly truth: Truth,
  ) {}

  /** Creates a new database on the shared database server, or on another one that a test may kill. */
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

  /** Starts a server process on this database. Its output is shown if the test fails. */
  async start(options: ProcessOptions = {}): Promise<ServerProcess> {
    const { mongoUri, databaseName } = this;
    const server = this.use(await ServerProcess.start({ mongoUri, databaseName, ...options }));
    onTestFailed(() => console.log(`— server process ${server.child.pid ?? 0}:\n${server.output.join('')}`));
    return server;
  }

  /** Starts two server processes. @param ofA options of the first one, such as a proxy before the database. */
  async startTwo(ofA: ProcessOptions = {}): Promise<{ a: ServerProcess; b: ServerProcess }> {
    return { a: await this.start(ofA), b: await this.start() };
  }

  /** Starts a proxy in front of the database, or of another address. */
  async proxy(target: number | string = this.mongoUri): Promise<TcpProxy> {
    return this.use(await TcpProxy.start(target));
  }

  people(names: readonly string[], endpoint: Endpoint): Person[] {
    return names.map((name) => this.use(new Person(name, this.ledger, endpoint)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#owned.reverse()) await one[Symbol.asyncDispose]();
  }
}

/** Returns HTTP clients of these processes for any user. */
export const apisOf = (...servers: ServerProcess[]): ((userId: string) => Api)[] =>
  servers.map((server) => (userId) => server.api(userId));

/** Opens a conversation for every pair of these users; both of them send in it. */
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
