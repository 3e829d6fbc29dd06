import { useCallback, useMemo, useState } from 'react';
import { thumbHashToDataURL } from 'thumbhash';
import type { Attachment } from '@parley/client';
import { useAttachment, useParley } from '@parley/react';
import { useAddress, useUI } from '../context.js';
import { openWebAddress } from '../openWebAddress.js';
import { isWebAddress } from '../webAddress.js';

/**
 * Returns a function that gives the address of a file, valid from now on for some minutes. Without a connection it is the one
 * that is known.
 */
export function useFreshAddress(): (attachment: Attachment, force?: boolean) => Promise<string> {
  const parley = useParley();
  const addressOf = useAddress();
  return useCallback(
    async (attachment, force = false) => {
      if (!parley.hasUploads) return addressOf(attachment.url);
      const fresh = await parley.attachments.refresh(attachment, { force }).catch(() => attachment);
      return addressOf(fresh.url);
    },
    [parley, addressOf],
  );
}

/**
 * Returns a function that saves a file on the device, or opens it where the device cannot. Rejects when its address is not of
 * the web.
 */
export function useOpenFile(): (attachment: Attachment, name: string) => Promise<void> {
  const { download } = useUI().device;
  const findAddress = useFreshAddress();
  return async (attachment, name) => {
    const address = await findAddress(attachment);
    if (download === undefined || !isWebAddress(address)) await openWebAddress(address);
    else await download(address, name);
  };
}

export interface PictureSource {
  /** Undefined when the picture does not load. */
  uri: string | undefined;
  onError: () => void;
}

/** Sources that have failed to load: an address on this device, an attachment with its addresses. */
interface Failed {
  preview?: string;
  attachment?: Attachment;
}

/** Returns the address of a picture: on this device when it was sent from here, else of the server, renewed when it fails. */
export function usePicture(given: Attachment, size: 'thumbnail' | 'full'): PictureSource {
  const addressOf = useAddress();
  const { attachment, previewUrl, onError: renew } = useAttachment(given);
  const [failed, setFailed] = useState<Failed>({});
  const preview = previewUrl === failed.preview ? undefined : previewUrl;
  const { url, thumbnailUrl = url } = attachment;
  const remote =
    failed.attachment === attachment ? undefined : addressOf(size === 'full' ? url : thumbnailUrl);
  const onError = (): void => {
    if (preview !== undefined) setFailed((before) => ({ ...before, preview }));
    else {
      setFailed((before) => ({ ...before, attachment }));
      renew();
    }
  };
  return { uri: preview ?? remote, onError };
}

/** Returns a blurred picture of a few bytes as an address; undefined without one, or for a damaged one. */
export function useBlur(thumbhash: string | undefined): string | undefined {
  return useMemo(() => {
    if (thumbhash === undefined) return undefined;
    try {
      return thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (char) => char.charCodeAt(0)));
    } catch {
      return undefined;
    }
  }, [thumbhash]);
}
