import { useCallback, useMemo } from 'react';
import { LIMITS } from '@parley/client';
import { useTexts, useUI } from '../context.js';
import type { PickedFile } from '../device.js';
import { useToast } from '../parts/Toast.js';
import type { AttachmentTray } from './attachmentTray.js';

/** Returns the sentence that names the greatest number of files in a message. */
export function useFileLimitText(): string {
  const t = useTexts();
  const { formats } = useUI();
  return t('tooManyFiles', { max: formats.number(LIMITS.maxAttachments) });
}

type Fitting = (files: readonly PickedFile[], taken: number) => readonly PickedFile[];

/**
 * Returns a function that gives the first files that fit into a message, and shows a notice when there are more: the server
 * refuses the whole message.
 */
export function useFittingFiles(): Fitting {
  const show = useToast();
  const notice = useFileLimitText();
  return useCallback(
    (files, taken) => {
      const fitting = files.slice(0, Math.max(0, LIMITS.maxAttachments - taken));
      if (fitting.length < files.length) show(notice);
      return fitting;
    },
    [show, notice],
  );
}

/**
 * Returns a tray that takes no more files than a message does, also for a tray of the app.
 *
 * @param reserved files that will be added to the others: the voice message that is being recorded
 */
export function useLimitedTray(
  tray: AttachmentTray | undefined,
  reserved: number,
): AttachmentTray | undefined {
  const fitting = useFittingFiles();
  return useMemo(() => {
    if (tray === undefined) return undefined;
    const add: AttachmentTray['add'] = (files) => {
      const taken = fitting(files, tray.items.length + reserved);
      if (taken.length > 0) tray.add(taken);
    };
    return { ...tray, add };
  }, [tray, reserved, fitting]);
}
