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
export async function bring({ page }: AppWindow, by: 'paste' | 'drop', file: ChosenFile): Promise<void> {
  const { name, mimeType, buffer } = file;
  await page.evaluate(`
    const bytes = Uint8Array.from(atob('${buffer.toString('base64')}'), (one) => one.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], '${name}', { type: '${mimeType}' }));
    const options = { bubbles: true, cancelable: true };
    document.querySelector('textarea').dispatchEvent(
      '${by}' === 'paste'
        ? new ClipboardEvent('paste', { ...options, clipboardData: data })
        : new DragEvent('drop', { ...options, dataTransfer: data }),
    );`);
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
