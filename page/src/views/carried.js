/**
 * What a message carries besides text: pictures, voice, files, a place, a card.
 *
 * @import { Card, CarriedContent, ExternalAttachment, Location } from '@parley/client'
 */
import { isolate, showControls, showInvisible } from '../bidi.js';
import { fileAddress, shownAddress } from './addresses.js';
import { h, icon } from './dom.js';
import { OUTWARD } from './links.js';
import { priceText } from './summary.js';

const MAX_PICTURE_PX = 320;

/**
 * @param {CarriedContent} carried
 * @returns {Element[]}
 */
export const carriedElements = ({ attachments = [], location, card }) => [
  // An uploaded file of the outbox is shown when its message is stored.
  ...attachments.flatMap((one) => ('url' in one ? [attachmentElement(one)] : [])),
  ...(location === undefined ? [] : [placeElement(location)]),
  ...(card === undefined ? [] : [cardElement(card)]),
];

/** @param {ExternalAttachment} attachment */
function attachmentElement(attachment) {
  const shown = shownAddress(
    attachment.kind === 'image' ? (attachment.thumbnailUrl ?? attachment.url) : attachment.url,
  );
  if (attachment.kind === 'image' && shown !== undefined) return picture(attachment, shown);
  if (attachment.kind === 'voice' && shown !== undefined) return voice(attachment, shown);
  return fileElement(attachment);
}

/**
 * @param {ExternalAttachment} attachment
 * @param {string} src
 */
function picture(attachment, src) {
  const { width, height, name, url } = attachment;
  const image = h('img', {
    src,
    alt: showInvisible(name ?? 'Picture'),
    loading: 'lazy',
    referrerpolicy: 'no-referrer',
  });
  if (width !== undefined && height !== undefined) {
    // Its place is kept before it comes: nothing jumps.
    const scale = Math.min(1, MAX_PICTURE_PX / width, MAX_PICTURE_PX / height);
    image.width = Math.round(width * scale);
    image.height = Math.round(height * scale);
  }
  const link = h('a', { class: 'picture', href: fileAddress(url), ...OUTWARD }, image);
  image.addEventListener('error', () => link.replaceWith(fileElement(attachment)));
  return link;
}

/**
 * @param {ExternalAttachment} attachment
 * @param {string} src
 */
const voice = ({ name, durationMs }, src) =>
  h(
    'div',
    { class: 'voice' },
    h('audio', {
      src,
      controls: true,
      preload: 'none',
      'aria-label': showInvisible(name ?? 'Voice message'),
    }),
    durationMs === undefined ? undefined : h('span', { class: 'carried-note' }, durationText(durationMs)),
  );

/** @param {ExternalAttachment} attachment */
function fileElement({ kind, name, url, sizeBytes }) {
  const href = fileAddress(url);
  const label = name ?? (kind === 'image' ? 'Picture' : kind === 'voice' ? 'Voice message' : 'File');
  const inside = [
    h('span', { class: 'carried-icon' }, icon(kind)),
    h(
      'span',
      { class: 'carried-text' },
      h('span', { class: 'carried-title', dir: 'ltr' }, ...fileName(label)),
      h('span', { class: 'carried-note' }, sizeBytes === undefined ? hostOf(href) : sizeText(sizeBytes)),
    ),
  ];
  return href === undefined
    ? h('span', { class: 'carried' }, ...inside)
    : h('a', { class: 'carried', href, ...OUTWARD }, ...inside);
}

/**
 * A file's name with its extension at the end, whatever the letters before it do to the direction.
 *
 * @param {string} name
 */
function fileName(name) {
  const shown = showInvisible(name);
  const dot = shown.lastIndexOf('.');
  if (dot <= 0) return [h('bdi', {}, shown)];
  return [h('bdi', {}, shown.slice(0, dot)), h('bdi', { dir: 'ltr' }, shown.slice(dot))];
}

/** @param {string | undefined} href */
const hostOf = (href) => (href === undefined ? 'This address cannot be opened' : new URL(href).host);

/** @param {Location} place */
function placeElement({ latitude, longitude, title }) {
  const point = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const href = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;
  return h(
    'a',
    { class: 'carried', href, ...OUTWARD },
    h('span', { class: 'carried-icon' }, icon('location')),
    h(
      'span',
      { class: 'carried-text' },
      h('span', { class: 'carried-title', dir: 'auto' }, showControls(title ?? 'Location')),
      h('span', { class: 'carried-note' }, point),
    ),
  );
}

/** @param {Card} card */
function cardElement({ kind, title, pictureUrl, price, id }) {
  const src = shownAddress(pictureUrl);
  const image =
    src === undefined
      ? undefined
      : h('img', { src, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer' });
  image?.addEventListener('error', () => image.replaceWith(h('span', { class: 'card-blank' }, icon(kind))));
  return h(
    'div',
    { class: 'card' },
    image ?? h('span', { class: 'card-blank' }, icon(kind)),
    h(
      'div',
      { class: 'card-text' },
      h(
        'span',
        { class: 'carried-note' },
        kind === 'order' ? 'Order' : 'Product',
        id === undefined ? '' : ` · ${isolate(showControls(id))}`,
      ),
      h('span', { class: 'carried-title', dir: 'auto' }, showControls(title)),
      price === undefined ? undefined : h('span', { class: 'card-price' }, priceText(price)),
    ),
  );
}

/** @param {number} ms */
function durationText(ms) {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** @param {number} bytes */
function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
