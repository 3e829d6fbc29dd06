import type { MessageContent } from '@parley/client';
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
}

/**
 * Files between choosing and sending. The composer shows them and lets the user remove them; uploading is the app's, or the
 * SDK's: a hook of it returns this.
 */
export interface AttachmentTray {
  items: readonly TrayItem[];
  add: (files: readonly PickedFile[]) => void;
  remove: (id: string) => void;
  retry: (id: string) => void;
  /**
   * Sends the files with a caption and empties the tray. The message is shown at once; it may go out when the uploads are done.
   */
  send: (content: Omit<MessageContent, 'attachments'>) => void;
}
