import type { MessageContent } from '@parley/client';
import type { TextKey } from '../context.js';
import type { PickedFile } from '../device.js';

/** A file that was chosen for the message that is being written. */
export interface TrayItem {
  id: string;
  kind: PickedFile['kind'];
  name: string;
  /** Shown at once, before anything is uploaded. */
  previewUri?: string | undefined;
  status: 'uploading' | 'ready' | 'failed';
  /** 0 to 1. */
  progress: number;
  /** Sentence about why it cannot go on. */
  problem?: TextKey | undefined;
}

/**
 * Files between choosing and sending. The composer shows them and lets the user remove them. Uploading is the SDK's
 * (`useAttachmentTray`), or the app's.
 */
export interface AttachmentTray {
  items: readonly TrayItem[];
  add: (files: readonly PickedFile[]) => void;
  remove: (id: string) => void;
  retry: (id: string) => void;
  /**
   * Sends the files with a caption and empties the tray. The message is shown at once; it may go out when the uploads are done.
   * Takes along what `add` was given just before: a voice message is added and sent in one go.
   */
  send: (content: Omit<MessageContent, 'attachments'>) => void;
}
