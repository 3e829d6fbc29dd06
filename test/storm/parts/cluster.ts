import { OwnDatabase } from '../../faults/support/ownDatabase.js';
import { RedisServer } from '../../support/redisServer.js';
import { ServerProcess } from '../../support/serverProcess.js';
import { TcpProxy } from '../../support/tcpProxy.js';

/** One of the servers, with a proxy on each of its sides. */
export interface Node {
  name: string;
  process: ServerProcess;
  /** Proxy between clients and this server; it keeps its port over restarts. */
  clientProxy: TcpProxy;
  toDatabase: TcpProxy;
  toRedis: TcpProxy;
}

export interface ClusterOptions {
  servers: number;
  databaseName: string;
  /** Node options of every server: `--import` of a sabotage. */
  nodeArgs: string[];
  /** Entry point of another build than this checkout's. */
  entry: string | undefined;
}

/** Servers with their database and Redis, all of which can be faulted. Use with `await using`. */
export class Cluster implements AsyncDisposable {
  readonly nodes: Node[] = [];
  /** Output of servers that have ended. */
  readonly output: string[] = [];
  readonly #owned: AsyncDisposable[] = [];

  private constructor(
    readonly database: OwnDatabase,
    readonly redis: RedisServer,
    readonly options: ClusterOptions,
  ) {
    this.#owned.push(database, redis);
  }

  /** Starts database and Redis, and no server. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const redis = await RedisServer.start();
    try {
      return new Cluster(await OwnDatabase.start(), redis, options);
    } catch (error) {
      await redis[Symbol.asyncDispose]();
      throw error;
    }
  }

  async startServers(count = this.options.servers): Promise<void> {
    while (this.nodes.length < count) this.nodes.push(await this.#addNode(this.nodes.length + 1));
  }

  /** Restarts a server that has ended, behind the same port. */
  async restart(node: Node): Promise<void> {
    this.output.push(`— ${node.name}, process ${node.process.child.pid ?? 0}:\n`, ...node.process.output);
    await node.process[Symbol.asyncDispose]();
    node.process = await this.#startProcess(node);
    node.clientProxy.targetPort = node.process.port;
  }

  /** Returns the output of all servers. */
  allOutput(): string {
    const living = this.nodes.map(({ name, process }) => `— ${name}:\n${process.output.join('')}`);
    return [...this.output, ...living].join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(({ process }) => process[Symbol.asyncDispose]()));
    for (const one of this.#owned.reverse()) await one[Symbol.asyncDispose]();
  }

  async #addNode(number: number): Promise<Node> {
    const toDatabase = await this.#own(TcpProxy.start(this.database.uri));
    const toRedis = await this.#own(TcpProxy.start(this.redis.url));
    const process = await this.#startProcess({ toDatabase, toRedis });
    const clientProxy = await this.#own(TcpProxy.start(process.port));
    return { name: `s${number}`, process, clientProxy, toDatabase, toRedis };
  }

  #startProcess({ toDatabase, toRedis }: Pick<Node, 'toDatabase' | 'toRedis'>): Promise<ServerProcess> {
    return ServerProcess.start({
      mongoUri: toDatabase.mongoUri,
      databaseName: this.options.databaseName,
      nodeArgs: this.options.nodeArgs,
      entry: this.options.entry,
      env: { REDIS_URL: `redis://127.0.0.1:${toRedis.port}` },
    });
  }

  async #own<One extends AsyncDisposable>(starting: Promise<One>): Promise<One> {
    const one = await starting;
    this.#owned.push(one);
    return one;
  }
}
