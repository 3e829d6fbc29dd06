import { mkdir } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { DatabaseUser } from './databaseUser.js';
import type { Engine } from './engine.js';
import { databaseDirOf } from './supervisorFile.js';

export { EmbeddedDatabaseUnavailableError } from './errors.js';
export { databaseDirOf } from './supervisorFile.js';

export interface EmbeddedDatabaseOptions {
  dataDir: string;
  /** False only in tests: a crash of the machine may then lose acknowledged writes. */
  durable?: boolean;
  /** Receives a line for each slow step of an installation, and when the database is lost and when it is back. */
  onProgress?: (line: string) => void;
  /** Called with the new address when the database is back on another port, because its own was taken meanwhile. */
  onMoved?: (uri: string) => void;
  /** Time in ms that the database stays up after its last user has left. The value of its first user counts. */
  lingerMs?: number;
}

export interface EmbeddedDatabase {
  /** Address without a database name. Stays the same unless another program takes the port after a crash. */
  readonly uri: string;
  readonly engine: Engine['kind'];
  /** Ends this use. The database stops when its last user has released it. */
  release(): Promise<void>;
}

const DEFAULT_LINGER_MS = 3_000;

/**
 * Opens the database of a data folder: attaches to the running one, which any process may have started, or starts it.
 * Until it is released, a supervisor that dies is replaced. An open database does not keep the process running.
 *
 * @throws EmbeddedDatabaseUnavailableError when this machine has no engine; Error when the database does not start.
 */
export async function openEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const databaseDir = resolvePath(databaseDirOf(options.dataDir));
  await mkdir(databaseDir, { recursive: true });
  const user = new DatabaseUser({
    databaseDir,
    durable: options.durable ?? true,
    lingerMs: options.lingerMs ?? DEFAULT_LINGER_MS,
    onProgress: options.onProgress ?? (() => undefined),
    onMoved: options.onMoved ?? (() => undefined),
  });
  const first = await user.attach();
  return {
    get uri() {
      return user.ready?.uri ?? first.uri;
    },
    engine: first.engine,
    release: () => user.release(),
  };
}

/** Downloads or installs the engine that a new data folder would use, without starting it. */
export async function prepareEmbeddedDatabase(onProgress: (line: string) => void): Promise<Engine['kind']> {
  const { prepareEngine } = await import('./engine.js');
  return (await prepareEngine(onProgress)).kind;
}
