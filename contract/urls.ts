import { z } from 'zod';
import { LIMITS } from './limits.js';
import { hasControls, isCleanText } from './text.js';

const isClean = (text: string): boolean => isCleanText(text) && !hasControls(text);

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}

/** True when the decoded URL is clean text. Refuses `%00`, `%0A`, `%ED%A0%80` and `%FF`. */
function isCleanWhenDecoded(url: string): boolean {
  try {
    return isClean(decodeURIComponent(url));
  } catch {
    return false;
  }
}

function hasNoCredentials(text: string): boolean {
  const url = parse(text);
  return url === undefined || (url.username === '' && url.password === '');
}

/**
 * URL of a picture or a file, normalized by the URL standard, so that the stored form is the one that was checked and that
 * all clients parse alike. Allowed hosts and protocols are configured on the server.
 */
export const webUrl = z
  .url({ protocol: /^https?$/ })
  .refine(isClean, 'must be clean text')
  .overwrite((text) => parse(text)?.href ?? text)
  .max(LIMITS.maxUrlChars)
  .refine(isCleanWhenDecoded, 'must be clean text when decoded')
  .refine(hasNoCredentials, 'must not have credentials');
