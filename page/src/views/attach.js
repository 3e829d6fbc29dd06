/**
 * Sends something else than text: files of this device, a picture or a file by its address, a place, a product.
 *
 * @import { Attachment, MessageContent } from '@parley/client'
 */
import { MAX_LENGTHS } from '../limits.js';
import { webAddress } from './addresses.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { openMenu } from './menu.js';

/** @typedef {Pick<MessageContent, 'attachments' | 'location' | 'card'>} Carried */
/** @typedef {(carried: Carried, caption: string) => void} OnAttached */
/** @typedef {{ name: string, label: string, type?: string, required?: boolean, placeholder?: string, pattern?: string, step?: string, max?: number }} Field */
/** @typedef {Record<string, string>} Values */

/** @type {Field} */
const CAPTION = { name: 'caption', label: 'Text beside it', max: MAX_LENGTHS.text };

/** @type {Field} */
const ADDRESS = {
  name: 'url',
  label: 'Address',
  type: 'url',
  required: true,
  placeholder: 'https://…',
  max: MAX_LENGTHS.url,
};

/**
 * @param {HTMLElement} opener
 * @param {OnAttached} onAttached
 * @param {() => void} chooseFiles
 */
export function openAttachMenu(opener, onAttached, chooseFiles) {
  const by = (/** @type {Attachment['kind']} */ kind, /** @type {string} */ title) => () =>
    openForm({ title, fields: [ADDRESS, { name: 'name', label: 'Name' }, CAPTION], onAttached }, (values) =>
      attachmentOf(kind, values),
    );
  openMenu(
    [
      { label: 'Photos and files', icon: 'file', run: chooseFiles },
      { label: 'Picture by address', icon: 'image', run: by('image', 'Send a picture') },
      { label: 'Voice note by address', icon: 'voice', run: by('voice', 'Send a voice note') },
      { label: 'File by address', icon: 'file', run: by('file', 'Send a file') },
      { label: 'Location', icon: 'location', run: () => openPlace(onAttached) },
      { label: 'Product', icon: 'product', run: () => openCard(onAttached) },
    ],
    { opener, label: 'Attach' },
  );
}

/**
 * @param {Attachment['kind']} kind
 * @param {Values} values
 */
function attachmentOf(kind, { url, name }) {
  if (webAddress(url) === undefined) return 'The address has to begin with https:// or http://.';
  return { attachments: [{ kind, url, ...(name !== '' && { name }) }] };
}

/** @param {OnAttached} onAttached */
function openPlace(onAttached) {
  const number = { type: 'number', step: 'any', required: true };
  const fields = [
    { name: 'title', label: 'Name of the place' },
    { name: 'latitude', label: 'Latitude', ...number },
    { name: 'longitude', label: 'Longitude', ...number },
    CAPTION,
  ];
  openForm({ title: 'Send a location', fields, onAttached }, ({ title, latitude, longitude }) => {
    const place = { latitude: Number(latitude), longitude: Number(longitude) };
    if (Math.abs(place.latitude) > 90 || Math.abs(place.longitude) > 180) return 'There is no such place.';
    return { location: { ...place, ...(title !== '' && { title }) } };
  });
}

/** @param {OnAttached} onAttached */
function openCard(onAttached) {
  const fields = [
    { name: 'title', label: 'Title', required: true },
    {
      name: 'picture',
      label: 'Picture’s address',
      type: 'url',
      placeholder: 'https://…',
      max: MAX_LENGTHS.url,
    },
    { name: 'amount', label: 'Price', placeholder: '49.90', pattern: '\\d{1,12}(\\.\\d{1,4})?' },
    { name: 'currency', label: 'Currency', placeholder: 'EUR', pattern: '[A-Z]{3}' },
    CAPTION,
  ];
  openForm({ title: 'Send a product', fields, onAttached }, ({ title, picture, amount, currency }) => {
    if (picture !== '' && webAddress(picture) === undefined) {
      return 'The address has to begin with https:// or http://.';
    }
    return {
      card: {
        kind: /** @type {const} */ ('product'),
        title,
        ...(picture !== '' && { pictureUrl: picture }),
        ...(amount !== '' && { price: { amount, currency: currency === '' ? 'EUR' : currency } }),
      },
    };
  });
}

/**
 * @param {{ title: string, fields: Field[], onAttached: OnAttached }} form
 * @param {(values: Values) => Carried | string} read a string says what is wrong
 */
function openForm({ title, fields, onAttached }, read) {
  const inputs = fields.map(({ name, label, max = MAX_LENGTHS.title, ...attributes }) =>
    h(
      'label',
      { class: 'field' },
      h('span', {}, label),
      h('input', {
        name,
        type: 'text',
        'data-max-length': String(max),
        autocomplete: 'off',
        ...attributes,
      }),
    ),
  );
  const form = h(
    'form',
    { class: 'stack' },
    ...inputs,
    h('footer', { class: 'dialog-foot' }, h('button', { class: 'button button-primary' }, 'Send')),
  );
  const dialog = openDialog({ title, content: [form] });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const values = Object.fromEntries(
      Array.from(new FormData(form), ([name, value]) => [name, String(value).trim()]),
    );
    const carried = read(values);
    if (typeof carried === 'string') return dialog.fail(carried);
    dialog.close();
    onAttached(carried, values.caption);
  });
}
