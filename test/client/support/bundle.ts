import { build } from 'vite';

/** Bundles a TypeScript file with everything that it imports into one script: for a page, or for a process of its own. */
export async function bundle(entry: string, target: 'page' | 'node'): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    ...(target === 'node' && { ssr: { noExternal: true as const } }),
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      ...(target === 'node'
        ? { ssr: entry }
        : { lib: { entry, formats: ['iife' as const], name: 'page', fileName: 'page' } }),
    },
  });
  const result = [output].flat()[0];
  if (result === undefined || !('output' in result)) throw new Error(`nothing was bundled from ${entry}`);
  const [{ code }] = result.output;
  return code;
}
