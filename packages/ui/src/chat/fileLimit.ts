import { useCallback } from 'react';
import { LIMITS } from '@parley/client';
import { useTexts, useUI } from '../context.js';
import type { PickedFile } from '../device.js';
import { useToast } from '../parts/Toast.js';

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
