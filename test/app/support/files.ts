import type { Page } from 'playwright-core';
import { photo } from '../../attachments/support/files.js';
import type { AppWindow } from './appWindow.js';

/** A file as a window chooses it. */
export interface ChosenFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** Requests of the embedded store. */
export const FILES = '**/files/**';

export async function photoNamed(name: string): Promise<ChosenFile> {
  const { bytes, mimeType } = await photo();
  return { name, mimeType, buffer: bytes };
}

/** Chooses files with the button beside the message field. */
export async function choose({ page }: AppWindow, ...files: ChosenFile[]): Promise<void> {
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByRole('menuitem', { name: 'File', exact: true }).click();
  await (await choosing).setFiles(files);
}

/** Pastes or drops a file, as the browser reports it. */
export const bring = (window: AppWindow, by: 'paste' | 'drop', file: ChosenFile): Promise<boolean> =>
  bringAll(window, { by, files: [file] });

export interface Brought {
  by: 'paste' | 'drop' | 'dragover';
  files: readonly ChosenFile[];
  /** Selector of the element. Default: the message field. */
  onto?: string;
  /** Texts that are on the clipboard besides the files, by media type. */
  texts?: Record<string, string>;
}

/**
 * Pastes or drops files, as the browser reports it.
 *
 * @returns whether the page has taken them: the browser does nothing more
 */
export async function bringAll(
  { page }: AppWindow,
  { by, files, onto = 'textarea', texts = {} }: Brought,
): Promise<boolean> {
  const given = files.map(({ name, mimeType, buffer }) => ({
    name,
    mimeType,
    bytes: buffer.toString('base64'),
  }));
  return page.evaluate<boolean>(`(() => {
    const data = new DataTransfer();
    for (const { name, mimeType, bytes } of ${JSON.stringify(given)})
      data.items.add(
        new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name, { type: mimeType }),
      );
    for (const [type, text] of Object.entries(${JSON.stringify(texts)})) data.setData(type, text);
    const options = { bubbles: true, cancelable: true };
    const event =
      '${by}' === 'paste'
        ? new ClipboardEvent('paste', { ...options, clipboardData: data })
        : new DragEvent('${by}', { ...options, dataTransfer: data });
    return !document.querySelector(${JSON.stringify(onto)}).dispatchEvent(event);
  })()`);
}

/** Holds what the window sends to the store until the returned function is called. */
export async function holdUploads(page: Page): Promise<() => void> {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(FILES, async (route) => {
    if (route.request().method() === 'PUT') await held;
    // The page may be gone by now.
    await route.continue().catch(() => undefined);
  });
  return release;
}

/** Number of pictures of messages that are loaded and drawn. */
export const drawnPictures = ({ page }: AppWindow): Promise<number> =>
  page.evaluate<number>(
    `[...document.querySelectorAll('[data-testid=message] img')].filter((image) => image.naturalWidth > 1 && !image.src.startsWith('data:')).length`,
  );
