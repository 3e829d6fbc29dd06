import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createApp, type App } from '../../backend/src/app.js';
import { readConfig } from '../../backend/src/config.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { Api } from './api.js';
import { connectClient, type ConnectOptions, type TestClient } from './client.js';
import { makeToken, TEST_SECRET } from './tokens.js';

export interface ServerOptions {
  /** Creates demo users with tokens at `/api/demo`. */
  demo?: boolean;
  /** Another database server than the shared one. */
  mongoUri?: string;
  /** Servers with the same name share a database; by default each has a new one. */
  databaseName?: string;
  env?: Record<string, string>;
  /** Receives every log line. */
  onLogLine?: (line: string) => void;
}

let counter = 0;

/** Returns a unique database name. */
export const newDatabaseName = (): string => `t${process.pid}_${Date.now().toString(36)}_${(counter += 1)}`;

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
    ...options.env,
  };
}

/** A server in this process, on a free port, with a new database. Use with `await using`. */
export class TestServer implements AsyncDisposable {
  readonly #clients: TestClient[] = [];

  constructor(
    readonly app: App,
    readonly databaseName: string,
    readonly dataDir: string,
  ) {}

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
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-test-'));
  const env = { ...serverEnv(options), DATA_DIR: dataDir };
  const config = readConfig(env);
  const { onLogLine } = options;
  const logger = createLogger({
    level: config.LOG_LEVEL,
    pretty: false,
    ...(onLogLine !== undefined && { destination: { write: onLogLine } }),
  });
  const app = await createApp(config, logger);
  return new TestServer(app, config.DATABASE_NAME, dataDir);
}
