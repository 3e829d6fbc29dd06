/**
 * The files of what one writes: chosen, pasted, dropped or recorded. They are uploaded while one goes on writing.
 *
 * @import { Client } from '../client.js'
 * @import { UploadOptions } from '@parley/client'
 */
import { arrange, h } from './dom.js';
import { toast } from './toast.js';
import { uploadTile } from './uploadTile.js';

/** Files of one message (`LIMITS.maxAttachments` of the contract). */
const MAX_FILES = 10;

/**
 * @param {{ form: HTMLFormElement, strip: HTMLElement, dropZone: HTMLElement }} parts
 * @param {Client} client
 * @param {() => void} onChange
 */
export function mountDraftFiles({ form, strip, dropZone }, client, onChange) {
  const { uploads } = client.parley;
  /** @type {string | undefined} */
  let conversationId;
  /** @type {Map<string, HTMLElement>} */
  let tiles = new Map();
  const input = h('input', { type: 'file', multiple: true, hidden: true, 'aria-label': 'Files' });
  form.append(input);

  const ids = () =>
    conversationId === undefined
      ? []
      : uploads
          .drafts(conversationId)
          .getSnapshot()
          .map(({ id }) => id);

  /**
   * @param {Iterable<File | Blob>} files
   * @param {UploadOptions} [options]
   */
  function add(files, options) {
    if (conversationId === undefined || form.hidden) return;
    for (const file of files) {
      if (ids().length >= MAX_FILES) {
        toast(`A message carries ${MAX_FILES} files at most.`, 'error');
        break;
      }
      const { persisted } = uploads.add(file, { ...options, conversationId });
      // Without a storage it is uploaded all the same.
      persisted.catch(() => {});
      show();
    }
  }

  function show() {
    const known = tiles;
    const now = ids();
    if (now.length === known.size && now.every((id) => known.has(id))) return;
    tiles = new Map(now.map((id) => [id, known.get(id) ?? uploadTile(uploads, id)]));
    strip.hidden = tiles.size === 0;
    arrange(strip, [...tiles.values()]);
    onChange();
  }

  input.addEventListener('change', () => {
    add(input.files ?? []);
    // The same file can be chosen again.
    input.value = '';
  });
  form.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // Office programs offer a picture of a text beside the text.
    if (files.length === 0 || event.clipboardData?.types.includes('text/plain') === true) return;
    event.preventDefault();
    add(files);
  });
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files') === true;
  dropZone.addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  dropZone.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    add(event.dataTransfer?.files ?? []);
  });
  uploads.store.subscribe(show);

  return {
    ids,
    add,
    choose: () => input.click(),

    /** @param {string | undefined} id */
    showFor(id) {
      if (id === conversationId) return;
      conversationId = id;
      show();
    },
  };
}
