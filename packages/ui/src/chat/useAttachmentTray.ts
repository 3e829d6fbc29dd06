import { useMemo } from 'react';
import type { FileUpload } from '@parley/client';
import { useParley, useUploads } from '@parley/react';
import type { PickedFile } from '../device.js';
import type { AttachmentTray, TrayItem } from './attachmentTray.js';

/** Values of a waveform that the server takes at most. */
const MAX_LEVELS = 64;

/**
 * Returns the files of a conversation's composer for `Chat`: `attachments={useAttachmentTray(id)}`. Needs `uploads: fileUploads()` of
 * `@parley/client/uploads` in the options of the client. Files are uploaded as soon as they are added, and survive a restart.
 */
export function useAttachmentTray(conversationId: string): AttachmentTray {
  const client = useParley();
  const { uploads, add, retry, cancel } = useUploads(conversationId);
  return useMemo(
    () => ({
      items: uploads.map(toItem),
      add: (files) => {
        for (const file of files) add(file.blob ?? toUriFile(file), optionsOf(file));
      },
      retry,
      remove: cancel,
      send: (content) => {
        // Read now: a recording is added and sent in one go.
        const ids = client.uploads
          .drafts(conversationId)
          .getSnapshot()
          .map(({ id }) => id);
        client.conversation(conversationId).sendMessage({ ...content, uploads: ids });
      },
    }),
    [client, conversationId, uploads, add, retry, cancel],
  );
}

const toItem = ({ id, kind, name, previewUrl, status, progress }: FileUpload): TrayItem => ({
  id,
  kind,
  name,
  previewUri: previewUrl,
  status: status === 'ready' || status === 'failed' ? status : 'uploading',
  progress,
});

const toUriFile = ({ uri, name, mimeType, sizeBytes }: PickedFile) => ({
  uri,
  name,
  type: mimeType,
  size: sizeBytes,
});

const optionsOf = ({ kind, name, mimeType, durationMs, waveform }: PickedFile) => ({
  kind,
  name,
  mimeType,
  durationMs,
  waveform: waveform === undefined ? undefined : shortened(waveform),
});

/** The loudest of neighbouring values, so that peaks stay. */
function shortened(levels: readonly number[]): number[] {
  const size = Math.ceil(levels.length / MAX_LEVELS);
  if (size <= 1) return [...levels];
  const count = Math.ceil(levels.length / size);
  return Array.from({ length: count }, (_, index) =>
    Math.max(...levels.slice(index * size, (index + 1) * size)),
  );
}
