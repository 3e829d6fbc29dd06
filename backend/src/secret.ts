import { join } from 'node:path';
import type { Config } from './config.js';
import { readOrCreateSecret } from './utils/secretFile.js';

/**
 * Returns the secret that signs tokens. Without `JWT_SECRET` (development only) it is generated once and stored in
 * `DATA_DIR`, so that tokens survive a restart.
 */
export async function findSecret(config: Pick<Config, 'JWT_SECRET' | 'DATA_DIR'>): Promise<string> {
  return config.JWT_SECRET ?? readOrCreateSecret(join(config.DATA_DIR, 'jwt-secret'));
}
