import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { createApp } from '../../backend/src/app.js';
import { readConfig } from '../../backend/src/config.js';
import { createLogger } from '../../backend/src/utils/logger.js';
import { openEmbeddedDatabase } from '../../tools/embedded-database/index.js';
import { fillDemo } from './demo.js';
import { SCENES, type Scene } from './scenes.js';
import { openWindow, save, SIZES, type Size } from './window.js';

export interface ScreenshotOptions {
  /** Path of the browser. */
  chromium: string | undefined;
  folder: string;
  /** Names of scenes; all when it is empty. */
  names: readonly string[];
}

/** Larger pictures make a page of the docs slow. */
const MAX_BYTES = 150_000;

/** Takes every picture in each size. */
export async function takeScreenshots({ chromium: path, folder, names }: ScreenshotOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-screenshots-'));
  const database = await openEmbeddedDatabase({ dataDir, durable: false, lingerMs: 0 });
  const env = {
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: '0',
    MONGODB_URI: database.uri,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
  };
  const app = await createApp(readConfig(env), createLogger({ level: 'error', pretty: false }));
  const browser = await chromium.launch({
    ...(path !== undefined && { executablePath: path }),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const url = `http://127.0.0.1:${app.port}`;
    const people = await fillDemo(url);
    for (const [name, scene] of Object.entries(SCENES)) {
      if (names.length > 0 && !names.includes(name)) continue;
      for (const size of SIZES) await take({ browser, url, folder, name, size, scene });
    }
    for (const person of people) person.close();
  } finally {
    await browser.close();
    await app.close();
    await database.release();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
}

interface Picture {
  browser: Browser;
  url: string;
  folder: string;
  name: string;
  size: Size;
  scene: Scene;
}

async function take({ browser, url, folder, name, size, scene }: Picture): Promise<void> {
  const { as, options, play } = scene;
  const window = await openWindow(browser, size, { url, as, ...options });
  await play(window);
  const file = join(folder, `${name}-${size.name}.webp`);
  await save(window, file);
  await window.page.context().close();
  const { size: bytes } = await stat(file);
  if (bytes > MAX_BYTES) throw new Error(`${file} has ${bytes} bytes: more than ${MAX_BYTES}.`);
  console.log(`${file} ${Math.round(bytes / 1_000)} kB`);
}
