import { useMemo } from 'react';
import type { FileUpload, UploadFile } from '@parley/client';
import { useParley, useUploads } from '@parley/react';
import type { PickedFile } from '../device.js';
import type { AttachmentTray, TrayItem } from './attachmentTray.js';
import { useFittingFiles } from './fileLimit.js';
import { problemOf } from './UploadProgress.js';

/** Values of a waveform that the server takes. */
const MAX_BARS = 64;

/**
 * Returns the files of a conversation's composer, uploaded by the SDK as soon as they are added. `Chat` uses it by itself; call it
 * for a composer of your own, below `<ParleyUI>`. Needs `uploads: fileUploads()` of `@parley/client/uploads` in the options of the client.
 */
export function useAttachmentTray(conversationId: string): AttachmentTray {
  const parley = useParley();
  const { uploads, add, retry, cancel } = useUploads(conversationId);
  const fitting = useFittingFiles();
  const actions = useMemo((): Omit<AttachmentTray, 'items'> => {
    const drafts = (): readonly FileUpload[] => parley.uploads.drafts(conversationId).getSnapshot();
    return {
      add: (files) => {
        for (const file of fitting(files, drafts().length)) add(fileOf(file), optionsOf(file));
      },
      retry,
      remove: cancel,
      send: (content) => {
        const ids = drafts().map(({ id }) => id);
        parley.conversation(conversationId).sendMessage({ ...content, uploads: ids });
      },
    };
  }, [parley, conversationId, add, retry, cancel, fitting]);
  return useMemo(() => ({ ...actions, items: uploads.map(toItem) }), [actions, uploads]);
}

const fileOf = (file: PickedFile): UploadFile =>
  file.blob ?? { uri: file.uri, name: file.name, type: file.mimeType, size: file.sizeBytes };

/** The SDK knows which types the server takes as images: others go as files. */
const optionsOf = ({ kind, name, mimeType, durationMs, waveform }: PickedFile) => ({
  kind: kind === 'image' ? undefined : kind,
  name,
  mimeType,
  durationMs,
  waveform: waveform === undefined ? undefined : loudest(waveform),
});

/** The loudest value of each of equal parts. */
function loudest(levels: readonly number[]): number[] {
  if (levels.length <= MAX_BARS) return [...levels];
  return Array.from({ length: MAX_BARS }, (_, bar) => {
    const from = Math.floor((bar * levels.length) / MAX_BARS);
    return Math.max(...levels.slice(from, Math.floor(((bar + 1) * levels.length) / MAX_BARS)));
  });
}

const toItem = (upload: FileUpload): TrayItem => ({
  id: upload.id,
  kind: upload.kind,
  name: upload.name,
  previewUri: upload.previewUrl,
  status: upload.status === 'failed' || upload.status === 'ready' ? upload.status : 'uploading',
  progress: upload.progress,
  problem: problemOf(upload),
});
