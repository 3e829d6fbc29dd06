import { hash } from 'node:crypto';
import { LIMITS } from '../../../contract/index.js';

/**
 * Derives the `clientMessageId` of an imported message from its source and old id, so that repeated imports store it
 * once.
 */
export function importedMessageId(source: string, oldId: string): string {
  const plain = `import:${source}:${oldId}`;
  const fits = plain.length <= LIMITS.maxClientMessageIdChars && /^[\x21-\x7e]+$/.test(oldId);
  return fits ? plain : `import:${source}:#${hash('sha256', oldId, 'base64url').slice(0, 27)}`;
}
