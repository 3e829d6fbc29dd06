import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { PAGES } from './tables.js';

/** Writes the generated pages, formatted like the rest of the repository. */
for (const [file, page] of Object.entries(PAGES)) {
  await writeFile(file, await format(page(), { ...(await resolveConfig(file)), filepath: file }));
  console.log(`wrote ${file}`);
}
