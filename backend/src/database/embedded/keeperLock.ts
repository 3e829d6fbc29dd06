import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { readKeeperFile } from './keeperFile.js';

/*
 * A data folder has one keeper. Two locks see to it, because each alone has a hole:
 * - A socket name in the kernel (Linux). It is free the very moment its owner is dead, so a killed keeper is followed
 *   at once; but it is known only on this machine, and only in its network namespace.
 * - A lock in the folder, which other machines and containers that share the folder see too; but it has to be kept
 *   fresh, and after its owner's death it holds until it is stale.
 * Who has the first may break the second when the last keeper ran here: it must be dead, or the first were taken.
 */

/** A keeper that cannot touch its lock for this long (a paused machine) has lost it. */
const STALE_MS = 10_000;
const UPDATE_MS = 2_000;
/** A predecessor that is just stopping its engine is waited for. */
const PATIENCE_MS = 1_500;
const POLL_MS = 50;

export interface KeeperLockOptions {
  databaseDir: string;
  /** Somebody took the lock, because this process was paused for too long. */
  onLost: () => void;
}

/** @returns how to give it back; undefined when somebody else has it. */
export async function takeKeeperLock(options: KeeperLockOptions): Promise<(() => Promise<void>) | undefined> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const release = await tryToTake(options);
    if (release !== undefined || performance.now() > endMs) return release;
    await sleep(POLL_MS);
  }
}

async function tryToTake({
  databaseDir,
  onLost,
}: KeeperLockOptions): Promise<(() => Promise<void>) | undefined> {
  const name = await takeName(databaseDir);
  if (name === 'taken') return undefined;
  const lockPath = join(databaseDir, 'lock');
  if (name !== undefined && (await readKeeperFile(databaseDir))?.machine === thisMachine()) {
    await rm(lockPath, { recursive: true, force: true });
  }
  try {
    const release = await lockfile.lock(databaseDir, {
      ...{ lockfilePath: lockPath, stale: STALE_MS, update: UPDATE_MS },
      onCompromised: onLost,
    });
    return async () => {
      await release();
      name?.close();
    };
  } catch (error) {
    name?.close();
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') return undefined;
    throw error;
  }
}

/** Undefined where the kernel has no such names. */
function takeName(databaseDir: string): Promise<Server | 'taken' | undefined> {
  if (process.platform !== 'linux') return Promise.resolve(undefined);
  const hash = createHash('sha256').update(realpathSync(databaseDir)).digest('hex').slice(0, 32);
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      resolve('code' in error && error.code === 'EADDRINUSE' ? 'taken' : undefined);
    });
    server.listen(`\0parley-keeper-${hash}`, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Equal for two processes exactly when they see each other's socket names. */
export function thisMachine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/net')}`;
  } catch {
    return hostname();
  }
}
