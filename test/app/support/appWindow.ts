import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TestServer } from '../../support/server.js';

/**
 * Console errors that the browser itself prints when a test cuts the network or forbids service workers, and the warning of
 * react-native-web about a first click with the right button.
 */
const OF_THE_TEST =
  /net::ERR_|WebSocket connection to .* failed|WebSocket is already in CLOSING or CLOSED state|blocked by Playwright|^Cannot record touch end/;

/** For polls: a guard against hanging on a busy machine, no promise about speed. */
export const PATIENT = { timeout: 60_000 };

export interface WindowOptions extends BrowserContextOptions {
  /** The demo user; without it, the window shows the choice of users. */
  as?: string;
  /** Another window of the same browser profile: shares its storage, except for the storage of a tab. */
  beside?: AppWindow;
  /** Prepares the page before it loads. */
  prepare?: (page: Page) => Promise<unknown>;
}

/** A window of the app, with the errors that it reported. */
export class AppWindow {
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

  /** Errors other than those caused by the test. */
  get faults(): string[] {
    return this.complaints.filter((text) => !OF_THE_TEST.test(text));
  }

  get composer(): Locator {
    return this.page.locator('textarea');
  }

  /** The row of the list with this name. */
  chat(name: string): Locator {
    return this.page
      .getByTestId('conversation')
      .filter({ has: this.page.getByTestId('conversation-name').getByText(name, { exact: true }) });
  }

  /** All messages, or those with exactly this text. */
  messages(text?: string): Locator {
    const rows = this.page.getByTestId('message');
    if (text === undefined) return rows;
    return rows.filter({ has: this.page.getByTestId('message-text').getByText(text, { exact: true }) });
  }

  /** Waits for the delivery status of a message. */
  async hasTick(text: string, status: 'sending' | 'sent' | 'delivered' | 'read' | 'failed'): Promise<void> {
    await this.messages(text).getByTestId(`tick-${status}`).waitFor();
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Chooses from the menu of a message. */
  async onMessage(text: string, item: string): Promise<void> {
    await this.messages(text).getByTestId('bubble').click({ button: 'right' });
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
    await this.page.getByRole('button', { name: 'New', exact: true }).click();
    await this.page.getByRole('menuitem', { name: 'New chat' }).click();
    await this.page
      .getByRole('dialog')
      .getByRole('button', { name: new RegExp(`^${name}(,|$)`) })
      .click();
    await this.isOpen(name);
  }

  async openChat(name: string): Promise<void> {
    await this.chat(name).click();
    await this.isOpen(name);
  }

  async isOpen(name: string): Promise<void> {
    await this.page.getByTestId('chat-title').getByText(name, { exact: true }).waitFor();
    await this.composer.waitFor();
  }

  /** Fails when something was reported as an error. */
  expectNoFaults(): void {
    expect(this.faults).toEqual([]);
  }
}

/** Opens a window on the server's app. */
export async function openApp(
  browser: Browser,
  server: TestServer,
  { as, beside, prepare, ...options }: WindowOptions = {},
): Promise<AppWindow> {
  const context = beside?.page.context() ?? (await newContext(browser, options));
  const window = new AppWindow(await context.newPage(), server);
  await prepare?.(window.page);
  const query = as === undefined ? '' : `?as=${encodeURIComponent(as)}`;
  await window.page.goto(`${server.url}/${query}`);
  return window;
}

const newContext = (browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> =>
  browser.newContext({
    viewport: { width: 1100, height: 760 },
    locale: 'en-GB',
    // A window of its own storage needs no copy of the app.
    serviceWorkers: 'block',
    ...options,
  });
