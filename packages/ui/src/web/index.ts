import type { AttachmentKind } from '@parley/client';
import type { Device, PickedFile } from '../device.js';
import { createPlayer } from './player.js';
import { startRecording } from './recorder.js';

const ACCEPTED = { photos: 'image/*', camera: 'image/*', files: '' };

export interface WebDeviceOptions {
  /** Address of the chat server, where the page comes from another one. */
  serverUrl?: string | undefined;
}

/** Abilities of a browser: file fields, paste and drop, microphone, sound, position, clipboard. */
export function webDevice({ serverUrl = location.origin }: WebDeviceOptions = {}): Device {
  return {
    serverUrl,
    pickFiles,
    onFiles,
    startRecording: 'mediaDevices' in navigator && 'MediaRecorder' in globalThis ? startRecording : undefined,
    createPlayer,
    getLocation: 'geolocation' in navigator ? getLocation : undefined,
    download,
    copyText: (text) => navigator.clipboard.writeText(text),
    hasKeyboard: matchMedia('(hover: hover)').matches,
  };
}

/** Opens the browser's choice of files. */
function pickFiles(source: 'photos' | 'camera' | 'files'): Promise<readonly PickedFile[]> {
  const field = document.createElement('input');
  field.type = 'file';
  field.multiple = source !== 'camera';
  field.accept = ACCEPTED[source];
  if (source === 'camera') field.capture = 'environment';
  return new Promise((resolve) => {
    field.addEventListener('change', () => resolve(toPicked(field.files)));
    field.addEventListener('cancel', () => resolve([]));
    field.click();
  });
}

/** Takes files that are pasted or dropped anywhere on the page. */
function onFiles(listener: (files: readonly PickedFile[]) => void): () => void {
  const take = (event: Event, list: FileList | undefined): void => {
    if (list === undefined || list.length === 0) return;
    event.preventDefault();
    listener(toPicked(list));
  };
  const onPaste = (event: ClipboardEvent): void => {
    const { clipboardData } = event;
    if (clipboardData !== null && !holdsText(clipboardData)) take(event, clipboardData.files);
  };
  const onDrop = (event: DragEvent): void => take(event, event.dataTransfer?.files);
  const onDragOver = (event: DragEvent): void => {
    const { dataTransfer } = event;
    if (dataTransfer?.types.includes('Files') !== true) return;
    // Without it, the browser would open what is dropped.
    event.preventDefault();
    dataTransfer.dropEffect = 'copy';
  };
  document.addEventListener('paste', onPaste);
  document.addEventListener('drop', onDrop);
  document.addEventListener('dragover', onDragOver);
  return () => {
    document.removeEventListener('paste', onPaste);
    document.removeEventListener('drop', onDrop);
    document.removeEventListener('dragover', onDragOver);
  };
}

/**
 * True when a text was copied: spreadsheets and word processors add a picture of it. File managers and browsers add the names or the
 * addresses of the files that are copied, which are no text of the user's.
 */
function holdsText(clipboard: DataTransfer): boolean {
  const names = [...clipboard.files].flatMap(({ name }) => [name, encodeURIComponent(name)]);
  const addresses = clipboard.getData('text/uri-list').split(/\r?\n/);
  return clipboard
    .getData('text/plain')
    .split(/\r?\n/)
    .some(
      (line) => line.trim() !== '' && !addresses.includes(line) && !names.some((name) => line.endsWith(name)),
    );
}

const toPicked = (files: FileList | null): PickedFile[] =>
  [...(files ?? [])].map((file) => ({
    kind: kindOf(file.type),
    name: file.name,
    mimeType: file.type === '' ? 'application/octet-stream' : file.type,
    sizeBytes: file.size,
    // Made when it is read: an address keeps the bytes in memory until the page is left.
    get uri() {
      return URL.createObjectURL(file);
    },
    blob: file,
  }));

const kindOf = (mimeType: string): AttachmentKind => (mimeType.startsWith('image/') ? 'image' : 'file');

/** The server answers files with a name and the wish to save them: the page stays. */
function download(url: string, name: string): Promise<void> {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  // Files of other servers are not saved but opened: not in place of the app.
  if (new URL(url, location.href).origin !== location.origin) link.target = '_blank';
  link.rel = 'noreferrer';
  link.click();
  return Promise.resolve();
}

/** Resolves with undefined when the user does not allow it. */
const getLocation: Device['getLocation'] = () =>
  new Promise((resolve) =>
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude } }) => resolve({ latitude, longitude }),
      () => resolve(undefined),
    ),
  );
