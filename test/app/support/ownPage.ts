import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'vite';
import { onTestFinished } from 'vitest';

/** Bundles the page as the app is bundled. */
async function bundle(file: string): Promise<string> {
  const output = await build({
    configFile: 'app/vite.config.mjs',
    logLevel: 'error',
    build: {
      write: false,
      sourcemap: false,
      rolldownOptions: {
        input: new URL(`../page/${file}`, import.meta.url).pathname,
        output: { codeSplitting: false },
      },
    },
  });
  const [result] = [output].flat();
  if (result === undefined || !('output' in result)) throw new Error('nothing was bundled');
  return result.output[0].code;
}

/** Serves a page of `test/app/page` from an address of its own, as an app does, until the test is over. */
export async function servePage(file: string): Promise<string> {
  const script = await bundle(file);
  const http = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><body><script src="/page.js" type="module"></script>');
  });
  onTestFinished(() => void http.close());
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
}
