/**
 * A file on its way: what it is, how far it has come, and what can be done about it.
 *
 * @import { FileUpload, UploadsApi } from '@parley/client'
 */
import { showInvisible } from '../bidi.js';
import { uploadTrouble } from '../sentences.js';
import { h, hidden, icon, setAttribute, setText } from './dom.js';
import { sizeText } from './format.js';

/** @type {Record<FileUpload['status'], string>} */
const STATES = {
  waiting: 'Waiting',
  uploading: 'Uploading',
  checking: 'Being checked',
  ready: 'Ready',
  failed: 'Not uploaded',
};

/**
 * Returns the element of an upload. It stays current while it is in the page.
 *
 * @param {UploadsApi} uploads
 * @param {string} id
 */
export function uploadTile(uploads, id) {
  const first = uploads.get(id);
  const name = showInvisible(first?.name ?? 'File');
  const progress = h('progress', { max: '1', 'aria-label': `Upload of ${name}` });
  const note = h('span', { class: 'carried-note' });
  const again = h(
    'button',
    { class: 'link', type: 'button', click: () => uploads.retry(id) },
    'Try again',
    hidden(` to upload ${name}`),
  );
  const remove = h(
    'button',
    { class: 'tool', type: 'button', 'aria-label': `Remove ${name}`, click: () => uploads.cancel(id) },
    icon('close'),
  );
  const tile = h(
    'div',
    { class: 'upload', 'data-upload': id },
    preview(first),
    h('span', { class: 'carried-text' }, h('bdi', { class: 'upload-name' }, name), note, progress, again),
    remove,
  );

  function show() {
    const upload = uploads.get(id);
    if (upload === undefined) return;
    const { status, sentBytes, sizeBytes } = upload;
    setAttribute(tile, 'data-status', status);
    setAttribute(progress, 'value', String(upload.progress));
    progress.hidden = status === 'ready' || status === 'failed';
    again.hidden = status !== 'failed';
    const done = status === 'uploading' ? `${sizeText(sentBytes)} of ` : '';
    setText(note, `${uploadTrouble(upload) ?? STATES[status]} · ${done}${sizeText(sizeBytes)}`);
  }

  show();
  let wasShown = false;
  const stop = uploads.store.subscribe(() => {
    if (wasShown && !tile.isConnected) return stop();
    wasShown ||= tile.isConnected;
    show();
  });
  return tile;
}

/** @param {FileUpload | undefined} upload */
function preview(upload) {
  const { kind = 'file', previewUrl } = upload ?? {};
  if (previewUrl !== undefined && kind === 'voice') return h('audio', { src: previewUrl, controls: true });
  const symbol = h('span', { class: 'carried-icon' }, icon(kind));
  if (previewUrl === undefined || kind !== 'image') return symbol;
  const image = h('img', { class: 'upload-picture', src: previewUrl, alt: '' });
  // A type that this browser does not show.
  image.addEventListener('error', () => image.replaceWith(symbol));
  return image;
}
