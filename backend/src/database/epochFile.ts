import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EpochMemory } from '../services/runtime/index.js';

const content = z.object({ value: z.string(), pulse: z.number() });

/**
 * Stores the last seen epoch of a database in a file of `DATA_DIR`, so that a restarted server detects that the
 * database was restored from a backup in the meantime. A backup that includes this folder restores the file as well, so
 * nothing is detected; `renew-epoch` covers this case.
 */
export function createEpochFile(dataDir: string, databaseName: string): EpochMemory {
  const path = join(dataDir, `seen-${encodeURIComponent(databaseName)}.json`);
  return {
    async read() {
      try {
        return content.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        // The file is missing or truncated: treated as a database that was never seen.
        return undefined;
      }
    },
    async write(epoch) {
      await mkdir(dataDir, { recursive: true });
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, `${JSON.stringify(epoch)}\n`);
      await rename(draft, path);
    },
  };
}
