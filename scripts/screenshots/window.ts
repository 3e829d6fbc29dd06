import sharp from 'sharp';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** Size of a window, in CSS pixels. */
export interface Size {
  name: 'phone' | 'desktop';
  width: number;
  height: number;
  /** Pixels of the picture per CSS pixel. */
  scale: number;
}

export const SIZES: readonly Size[] = [
  { name: 'phone', width: 390, height: 844, scale: 2 },
  { name: 'desktop', width: 1_280, height: 800, scale: 1 },
];

/** For what a busy machine takes long for, in ms. */
const PATIENCE_MS = 60_000;

export interface WindowOptions extends BrowserContextOptions {
  url: string;
  /** The demo user; without it, the choice of users is shown. */
  as: string | undefined;
}

/** A window of the app, as a user of it sees it. */
export class AppWindow {
  constructor(
    readonly page: Page,
    readonly size: Size,
  ) {}

  get isPhone(): boolean {
    return this.size.name === 'phone';
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Opens a chat of the list. */
  async openChat(name: string): Promise<void> {
    await this.page
      .getByTestId('conversation')
      .filter({ has: this.page.getByTestId('conversation-name').getByText(name, { exact: true }) })
      .click();
    await this.page.getByTestId('chat-title').getByText(name, { exact: true }).waitFor();
    await this.page.getByTestId('message').last().waitFor();
  }

  /** The bubble of a message with exactly this text. */
  bubble(text: string): Locator {
    return this.page
      .getByTestId('message')
      .filter({ has: this.page.getByTestId('message-text').getByText(text, { exact: true }) })
      .getByTestId('bubble');
  }
}

export async function openWindow(
  browser: Browser,
  size: Size,
  { url, as, ...options }: WindowOptions,
): Promise<AppWindow> {
  const context = await browser.newContext({
    viewport: { width: size.width, height: size.height },
    deviceScaleFactor: size.scale,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    serviceWorkers: 'block',
    // On a phone, the message field is not focused when a chat opens.
    ...(size.name === 'phone' && { isMobile: true, hasTouch: true }),
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(as === undefined ? url : `${url}/?as=${as}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return new AppWindow(page, size);
}

/** Runs in the page: whether all its pictures are drawn, after two more frames. */
const IS_DRAWN = `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))).then(() =>
  [...document.images].every((image) => image.complete && image.naturalWidth > 0))`;

/** Writes the picture, when all its images are loaded and nothing moves in it any more. */
export async function save({ page }: AppWindow, file: string): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  let before: Buffer | undefined;
  for (;;) {
    if (performance.now() > untilMs) throw new Error(`${file}: a picture is missing, or something moves.`);
    if (!(await page.evaluate<boolean>(IS_DRAWN))) continue;
    const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' });
    if (before?.equals(picture) === true) break;
    before = picture;
  }
  await sharp(before).webp({ quality: 82 }).toFile(file);
}
