import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import type { TestServer } from '../../support/server.js';

const CANDIDATES = [
  process.env['CHROMIUM_PATH'],
  // A window of it costs half of what one of the whole browser costs.
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of the installed browser. Undefined if there is none; tests that need one are skipped then. */
export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** Console error that the browser itself prints when a test cuts the network. */
const NETWORK_ERROR =
  /net::ERR_|WebSocket connection to .* failed|WebSocket is already in CLOSING or CLOSED state/;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A microphone that beeps.
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
}

export interface WindowOptions extends BrowserContextOptions {
  /** The demo user; without it, the window shows the choice of users. */
  as?: string;
  /** Another window of the same browser profile: shares its storage, except for the storage of a tab. */
  beside?: ChatWindow;
  /** Prepares the page before it loads. */
  prepare?: (page: Page) => Promise<unknown>;
}

/** A window of the web client, with the errors that it reported. */
export class ChatWindow {
  readonly complaints: string[] = [];

  constructor(
    readonly page: Page,
    readonly server: TestServer,
  ) {
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
  }

  /** Errors other than those caused by the network. */
  get faults(): string[] {
    return this.complaints.filter((text) => !NETWORK_ERROR.test(text));
  }

  get composer(): Locator {
    return this.page.getByPlaceholder(/^Message/);
  }

  get banner(): Locator {
    return this.page.locator('.banner');
  }

  /** The row of the list with this name. */
  chat(name: string): Locator {
    return this.page
      .locator('.lists .conversation')
      .filter({ has: this.page.locator('.conversation-name', { hasText: name }) });
  }

  /** All messages on the page, or those with exactly this text. */
  messages(text?: string): Locator {
    const rows = this.page.locator('.messages .row:not(.typing)');
    if (text === undefined) return rows;
    return rows.filter({ has: this.page.locator('.text').getByText(text, { exact: true }) });
  }

  async texts(): Promise<string[]> {
    return this.page.locator('.messages .text').allTextContents();
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Chooses from the menu of a message. */
  async onMessage(text: string, item: string): Promise<void> {
    const row = this.messages(text);
    await row.hover();
    await row.getByRole('button', { name: 'What to do with this message' }).click();
    await this.page.getByRole('menuitem', { name: item, exact: true }).click();
  }

  /** Chooses from the menu of a row of the list. */
  async onChat(name: string, item: string): Promise<void> {
    await this.chat(name).click({ button: 'right' });
    await this.page.getByRole('menuitem', { name: item, exact: true }).click();
  }

  /** Answers the dialog that asks. */
  async confirm(button: string): Promise<void> {
    await this.page.getByRole('dialog').last().getByRole('button', { name: button, exact: true }).click();
  }

  /** Opens the chat with one of the demo users, and creates it if there is none. */
  async startChat(name: string): Promise<void> {
    await this.banner.waitFor({ state: 'hidden' });
    await this.page.getByRole('button', { name: 'New', exact: true }).click();
    await this.page.getByRole('menuitem', { name: 'New chat' }).click();
    await this.page.getByRole('dialog').getByRole('button', { name }).click();
    await this.page.getByRole('heading', { name, level: 2 }).waitFor();
  }

  async openChat(name: string): Promise<void> {
    await this.chat(name).click();
    await this.page.getByRole('heading', { name, level: 2 }).waitFor();
  }
}

/** Opens a window on the server's page. */
export async function openWindow(
  browser: Browser,
  server: TestServer,
  { as, beside, prepare, ...options }: WindowOptions = {},
): Promise<ChatWindow> {
  const context =
    beside?.page.context() ??
    (await browser.newContext({ viewport: { width: 1100, height: 760 }, locale: 'en-GB', ...options }));
  const window = new ChatWindow(await context.newPage(), server);
  await prepare?.(window.page);
  await window.page.goto(as === undefined ? server.url : `${server.url}/?as=${encodeURIComponent(as)}`);
  return window;
}
