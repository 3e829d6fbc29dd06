import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createApp, type App } from '../../backend/src/app.js';
import { readConfig } from '../../backend/src/config.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { Api } from './api.js';
import { giveBackDatabase, newDatabaseName, takeDatabase } from './databases.js';
import { connectClient, type ConnectOptions, type TestClient } from './client.js';
import { makeToken, TEST_SECRET } from './tokens.js';

export { newDatabaseName } from './databases.js';

export interface ServerOptions {
  /** Creates demo users with tokens at `/api/demo`. */
  demo?: boolean;
  /** Gives the demo users their example chats when the first of them opens the app. */
  demoChats?: boolean;
  /** Another database server than the shared one. */
  mongoUri?: string;
  /** Servers with the same name share a database; by default each has an empty one of its own. */
  databaseName?: string;
  env?: Record<string, string>;
  /** Receives every log line. */
  onLogLine?: (line: string) => void;
}

/** Returns the environment of a test server. */
export function serverEnv(options: ServerOptions): Record<string, string> {
  return {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    MONGODB_URI: options.mongoUri ?? inject('mongoUri'),
    DATABASE_NAME: options.databaseName ?? newDatabaseName(),
    JWT_SECRET: TEST_SECRET,
    LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
    PRESENCE_GRACE_MS: '50',
    RECEIPT_WINDOW_MS: '10',
    RECEIPT_WINDOW_LARGE_MS: '50',
    // Limits are enabled only in tests about limits.
    RATE_LIMITS: 'off',
    MAX_COMMANDS_PER_SOCKET: '10000',
    MAX_COMMANDS_PER_USER: '20000',
    COMMIT_MAX_WAITING_PER_USER: '20000',
    MAX_SOCKETS_PER_USER: '1000',
    // Devices can be registered. Nothing is sent, except in tests about push notifications.
    PUSH_PROVIDERS: 'expo',
    PUSH_SENDING: 'false',
    DEMO: String(options.demo ?? false),
    DEMO_CHATS: String(options.demoChats ?? false),
    ...options.env,
  };
}

/** Commands by which a test changes more than documents. */
const OF_INDEXES = new Set(['create', 'createIndexes', 'drop', 'dropIndexes', 'dropDatabase']);

/** Everything that a server stores. */
interface Place {
  readonly databaseName: string;
  readonly dataDir: string;
  /** Another test may not have the database: it may have other indexes, or be in use. */
  keepDatabase: () => void;
  /** Removes it after the server is closed. */
  release: () => Promise<void>;
}

/** A server in this process, on a free port, by default with an empty database of its own. Use with `await using`. */
export class TestServer implements AsyncDisposable {
  readonly #clients: TestClient[] = [];

  constructor(
    readonly app: App,
    private readonly place: Place,
  ) {}

  /** With the name, a test can open the database in other ways: no other test gets it. */
  get databaseName(): string {
    this.place.keepDatabase();
    return this.place.databaseName;
  }

  get dataDir(): string {
    return this.place.dataDir;
  }

  get url(): string {
    return `http://127.0.0.1:${this.app.port}`;
  }

  token(userId: string, overrides: Record<string, unknown> = {}): string {
    return makeToken(userId, overrides);
  }

  api(userId: string): Api {
    return new Api(this.url, this.token(userId));
  }

  async connectAs(userId: string, options: Partial<ConnectOptions> = {}): Promise<TestClient> {
    const client = await connectClient(this.url, userId, { token: this.token(userId), ...options });
    this.#clients.push(client);
    return client;
  }

  /** Returns the value of a metric, summed over its labels. */
  async metric(name: string): Promise<number> {
    const metric = await this.app.metrics.registry.getSingleMetric(name)?.get();
    return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.app.close();
    await this.place.release();
  }
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const place = await openPlace(options);
  const env = { ...serverEnv({ ...options, databaseName: place.databaseName }), DATA_DIR: place.dataDir };
  const config = readConfig(env);
  const { onLogLine } = options;
  const logger = createLogger({
    level: config.LOG_LEVEL,
    pretty: false,
    ...(onLogLine !== undefined && { destination: { write: onLogLine } }),
  });
  const app = await createApp(config, logger);
  app.models.messages.model.db.getClient().on('commandStarted', ({ commandName }) => {
    if (OF_INDEXES.has(commandName)) place.keepDatabase();
  });
  return new TestServer(app, place);
}

async function openPlace({ databaseName, mongoUri }: ServerOptions): Promise<Place> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-test-'));
  // On another database server, what is stored goes with that server.
  let isLent = databaseName === undefined && mongoUri === undefined;
  const name = databaseName ?? (isLent ? takeDatabase() : newDatabaseName());
  return {
    databaseName: name,
    dataDir,
    keepDatabase: () => {
      isLent = false;
    },
    release: async () => {
      if (isLent) await giveBackDatabase(name);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
