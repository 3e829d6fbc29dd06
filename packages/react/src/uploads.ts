import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type {
  Attachment,
  AttachmentsApi,
  FileUpload,
  SentHandle,
  UploadFile,
  UploadHandle,
  UploadOptions,
  UploadsApi,
} from '@parley/client';
import { useParley } from './provider.js';
import { useStore, useStorePart } from './store.js';

/**
 * Returns an upload with its progress: for a file of a composer, or of a message that waits (`pending.uploads`). Renders again
 * when this one changes. Undefined when its message is stored, or it was cancelled.
 */
export function useUpload(id: string | undefined): FileUpload | undefined {
  return useStorePart(useParley().uploads.store, (uploads) => uploads.find((one) => one.id === id));
}

export interface ComposerUploads {
  /** Files that were added here and that no message has yet, oldest first. They survive a restart. */
  uploads: readonly FileUpload[];
  /** Adds a file: it is shown and uploaded at once. */
  add: (file: UploadFile, options?: Omit<UploadOptions, 'conversationId'>) => UploadHandle;
  retry: (id: string) => void;
  cancel: (id: string) => void;
  /** Sends all of them, with a caption, at once: the message waits for what is still on its way. Undefined without files. */
  send: (text?: string) => SentHandle | undefined;
}

/** Returns the files of a conversation's composer, and what can be done with them. */
export function useUploads(conversationId: string): ComposerUploads {
  const client = useParley();
  const drafts = client.uploads.drafts(conversationId);
  const uploads = useStore(drafts);
  const actions = useMemo(
    () => ({
      add: (file: UploadFile, options?: Omit<UploadOptions, 'conversationId'>) =>
        client.uploads.add(file, { ...options, conversationId }),
      retry: (id: string) => client.uploads.retry(id),
      cancel: (id: string) => client.uploads.cancel(id),
      send: (text = '') => {
        const ids = drafts.getSnapshot().map(({ id }) => id);
        return ids.length === 0
          ? undefined
          : client.conversation(conversationId).sendMessage({ text, uploads: ids });
      },
    }),
    [client, conversationId, drafts],
  );
  return useMemo(() => ({ uploads, ...actions }), [uploads, actions]);
}

/** For clients without the option `uploads`. */
const NO_UPLOADS = {
  attachments: { refresh: (attachment: Attachment) => Promise.resolve(attachment) },
  uploads: { previewOf: () => undefined },
} satisfies {
  attachments: Pick<AttachmentsApi, 'refresh'>;
  uploads: Pick<UploadsApi, 'previewOf'>;
};

export interface AttachmentView {
  /** With URLs that are valid: the message's own, or new ones. */
  attachment: Attachment;
  /** Address of the file on this device, when it was sent from here just now: shows it before it is loaded. */
  previewUrl: string | undefined;
  /** Give it to the image or the player: asks for new URLs, once. */
  onError: () => void;
}

/**
 * Returns a file of a message for display. Its URLs expire: new ones are asked for when it is shown, and when it fails to load.
 * Without the option `uploads` of the client it stays as it is.
 */
export function useAttachment(attachment: Attachment): AttachmentView {
  const client = useParley();
  const { attachments, uploads } = client.hasUploads ? client : NO_UPLOADS;
  const [fresh, setFresh] = useState<{ of: Attachment; attachment: Attachment }>();
  const asked = useRef<Attachment>(undefined);
  // A file that did not load offline gets its new URLs with the connection.
  const isWanted = useRef(false);
  const isOnline = useStorePart(client.connectionState, ({ status }) => status === 'online');
  const refresh = useCallback(
    async (force: boolean) => {
      const found = await attachments.refresh(attachment, { force });
      if (force) isWanted.current = false;
      if (found !== attachment) setFresh({ of: attachment, attachment: found });
    },
    [attachments, attachment],
  );
  useEffect(() => {
    // Refused (the message is gone) or offline: it stays as it is.
    if (isOnline) void refresh(isWanted.current).catch(() => undefined);
  }, [refresh, isOnline]);
  const onError = useCallback(() => {
    if (asked.current === attachment) return;
    asked.current = attachment;
    isWanted.current = true;
    void refresh(true).catch(() => undefined);
  }, [refresh, attachment]);
  const current = fresh?.of === attachment ? fresh.attachment : attachment;
  const previewUrl = uploads.previewOf(attachment.attachmentId);
  return useMemo(() => ({ attachment: current, previewUrl, onError }), [current, previewUrl, onError]);
}
