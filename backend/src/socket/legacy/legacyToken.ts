import type { ChatSocket } from '../types.js';
import type { LegacyMapping } from './mapping.js';

/** The token where old clients put it; a new one has it in `auth.token`, which counts before this. */
export function legacyTokenOf({ token }: LegacyMapping, { handshake }: ChatSocket): unknown {
  const { query, header } = token;
  const inQuery = query === undefined ? undefined : handshake.query[query];
  const inHeader = header === undefined ? undefined : handshake.headers[header.toLowerCase()];
  const given = inQuery ?? inHeader;
  return typeof given === 'string' ? given.replace(/^Bearer /i, '') : undefined;
}
