import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { mountWebApp } from '../../backend/src/http/routes/webApp.js';
import { startServer } from '../support/server.js';

test('the app has no script in its HTML, and loads everything else from its own server', async () => {
  await using server = await startServer();
  const response = await fetch(server.url);
  const html = await response.text();
  expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(html).toContain('<title>Parley</title>');
  const scripts = [...html.matchAll(/<script\b([^>]*)>(.*?)<\/script>/gs)];
  expect(scripts.length).toBeGreaterThan(0);
  expect(scripts.filter(([, , text]) => text !== '')).toEqual([]);
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/);
  for (const [, address] of html.matchAll(/<(?:script|link)\b[^>]*?\s(?:src|href)="([^"]+)"/g)) {
    expect(address).toMatch(/^\/(?!\/)/);
    expect((await fetch(server.url + (address ?? ''))).status).toBe(200);
  }
});

test('browsers keep hashed files for good, and ask each time whether the rest is current', async () => {
  await using server = await startServer();
  const first = await fetch(server.url);
  expect(first.headers.get('cache-control')).toBe('no-cache');
  const [script = ''] = /\/assets\/index-[^"]+\.js/.exec(await first.text()) ?? [];
  const asset = await fetch(server.url + script);
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  // `fetch` would ask intermediaries for a new copy: with this header it asks as browsers do.
  const headers = { 'if-none-match': first.headers.get('etag') ?? '', 'cache-control': 'max-age=0' };
  const again = await fetch(server.url, { headers });
  expect(again.status).toBe(304);
  const missing = await fetch(`${server.url}/assets/index-00000000.js`);
  expect([missing.status, missing.headers.get('cache-control')]).toEqual([404, 'no-store']);
});

test('a server without a built app says how to build it, and serves it as soon as it is built', async () => {
  const webAppDir = await mkdtemp(join(tmpdir(), 'parley-app-'));
  onTestFinished(() => rm(webAppDir, { recursive: true }));
  const app = express();
  mountWebApp(app, { webAppDir });
  const failures: unknown[] = [];
  // Express recognises an error handler by its four parameters.
  // eslint-disable-next-line max-params
  app.use(((error, _request, response, _next) => {
    failures.push(error);
    response.sendStatus(404);
  }) satisfies express.ErrorRequestHandler);
  const http = app.listen(0, '127.0.0.1');
  onTestFinished(() => void http.close());
  await new Promise((listening) => http.once('listening', listening));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
  expect((await fetch(url)).status).toBe(404);
  expect(failures).toEqual([
    expect.objectContaining({
      code: 'NOT_FOUND',
      message: expect.stringContaining('npm run build') as string,
    }),
  ]);
  await writeFile(join(webAppDir, 'index.html'), 'built');
  expect(await (await fetch(url)).text()).toBe('built');
});
