/**
 * What a message carries besides text: pictures, voice, files, a place, a card.
 *
 * @import { Attachment, Card, CarriedContent, Location, ParleyClient } from '@parley/client'
 */
import { thumbHashToDataURL } from 'thumbhash';
import { isolate, showControls, showInvisible } from '../bidi.js';
import { online } from '../online.js';
import { fileAddress, shownAddress } from './addresses.js';
import { h, icon } from './dom.js';
import { durationText, sizeText } from './format.js';
import { OUTWARD } from './links.js';
import { priceText } from './summary.js';
import { uploadTile } from './uploadTile.js';

const MAX_PICTURE_PX = 320;

/**
 * @param {CarriedContent & { uploads?: readonly string[] }} carried
 * @param {ParleyClient} parley
 * @param {ReadonlyMap<string, Element>} known elements of an earlier drawing, by the id of their file: a player goes on
 * @returns {Element[]}
 */
export function carriedElements({ attachments = [], uploads = [], location, card }, parley, known) {
  return [
    // While they wait, files are shown as uploads.
    ...uploads.map((id) => known.get(id) ?? uploadTile(parley.uploads, id)),
    ...attachments.flatMap((one) => ('url' in one ? [attachmentElement(one, parley, known)] : [])),
    ...(location === undefined ? [] : [placeElement(location)]),
    ...(card === undefined ? [] : [cardElement(card)]),
  ];
}

/** Elements of files in a part of the page, by the id of their file. @param {Element} element */
export const fileElements = (element) =>
  new Map(
    Array.from(element.querySelectorAll('[data-attachment], [data-upload]'), (/** @type {any} */ one) => [
      one.dataset.attachment ?? one.dataset.upload,
      one,
    ]),
  );

/**
 * @param {Attachment} attachment
 * @param {ParleyClient} parley
 * @param {ReadonlyMap<string, Element>} known
 */
function attachmentElement(attachment, parley, known) {
  const { attachmentId, kind, url, thumbnailUrl } = attachment;
  const held = known.get(attachmentId ?? '');
  if (held !== undefined) return held;
  const preview = parley.uploads.previewOf(attachmentId);
  const shown = preview ?? shownAddress(kind === 'image' ? (thumbnailUrl ?? url) : url);
  const element =
    shown === undefined || kind === 'file'
      ? fileElement(attachment)
      : kind === 'image'
        ? picture(attachment, shown)
        : voice(attachment, shown);
  if (attachmentId !== undefined) {
    element.dataset.attachment = attachmentId;
    followExpiry(element, attachment, parley);
  }
  return element;
}

/**
 * Addresses of files expire: new ones are asked for when something does not load, and before a link is followed.
 *
 * @param {HTMLElement} element
 * @param {Attachment} attachment
 * @param {ParleyClient} parley
 */
function followExpiry(element, attachment, parley) {
  let isAsked = false;
  const link = element.closest('a') ?? element.querySelector('a');
  const media = element.querySelector('img, audio');

  /** @param {boolean} force */
  async function renew(force) {
    const fresh = await parley.attachments.refresh(attachment, { force });
    if (link !== null) link.href = fileAddress(fresh.url) ?? '';
    return fresh;
  }

  link?.addEventListener('pointerdown', () => void renew(false).catch(() => {}));
  link?.addEventListener('focus', () => void renew(false).catch(() => {}));
  media?.addEventListener('error', async () => {
    const isFirst = !isAsked;
    isAsked = true;
    // Without a connection nobody knows whether the file is gone: it is asked for when there is one.
    if (isFirst) await online(parley);
    const fresh = isFirst ? await renew(true).catch(() => undefined) : undefined;
    const address = shownAddress(media.matches('img') ? (fresh?.thumbnailUrl ?? fresh?.url) : fresh?.url);
    if (address !== undefined) media.setAttribute('src', address);
    else if (media.matches('img')) element.replaceWith(fileElement(attachment));
  });
}

/**
 * @param {Attachment} attachment
 * @param {string} src
 */
function picture({ attachmentId, width, height, name, url, thumbhash, ...rest }, src) {
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
  if (thumbhash !== undefined) image.style.backgroundImage = `url(${blurred(thumbhash) ?? ''})`;
  const link = h('a', { class: 'picture', href: fileAddress(url), ...OUTWARD }, image);
  if (attachmentId === undefined)
    image.addEventListener('error', () => link.replaceWith(fileElement({ ...rest, name, url })));
  return link;
}

/** A blurred preview as an address; undefined for a damaged one. @param {string} thumbhash base64 */
function blurred(thumbhash) {
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (letter) => letter.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/**
 * @param {Attachment} attachment
 * @param {string} src
 */
const voice = ({ name, durationMs, waveform }, src) =>
  h(
    'div',
    { class: 'voice' },
    waveform === undefined ? undefined : waves(waveform),
    h('audio', {
      src,
      controls: true,
      preload: 'none',
      'aria-label': showInvisible(name ?? 'Voice message'),
    }),
    durationMs === undefined ? undefined : h('span', { class: 'carried-note' }, durationText(durationMs)),
  );

/** How loud it is over time. @param {readonly number[]} waveform 0 to 100 */
function waves(waveform) {
  const bars = waveform.map((value) => {
    const bar = h('i');
    bar.style.blockSize = `${Math.max(6, value)}%`;
    return bar;
  });
  return h('span', { class: 'waves', 'aria-hidden': 'true' }, ...bars);
}

/** @param {Attachment} attachment */
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
