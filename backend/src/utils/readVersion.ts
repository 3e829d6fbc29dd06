import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const packageJson = z.object({ version: z.string() });

/** Reads the version of the server from its `package.json`. */
export const readVersion = async (file: string): Promise<string> =>
  packageJson.parse(JSON.parse(await readFile(file, 'utf8'))).version;
