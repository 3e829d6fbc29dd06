import { join } from 'node:path';
import type { Config } from '../config.js';
import { StoreUnavailable, type ObjectStore } from '../services/objectStore.js';
import type { Logger } from '../utils/logger.js';
import { EmbeddedStore } from './embedded/index.js';

export interface Storage {
  store: ObjectStore;
  /** Set when clients send and load files at this server itself. */
  embeddedFiles: EmbeddedStore | undefined;
  /** Other origins that clients send files to, and load them from. */
  fileOrigins: string[];
}

export type StorageConfig = Pick<
  Config,
  | 'STORAGE'
  | 'DATA_DIR'
  | 'PUBLIC_URL'
  | 'S3_ENDPOINT'
  | 'S3_PUBLIC_ENDPOINT'
  | 'S3_REGION'
  | 'S3_BUCKET'
  | 'S3_ACCESS_KEY_ID'
  | 'S3_SECRET_ACCESS_KEY'
  | 'S3_FORCE_PATH_STYLE'
  | 'CDN_URL'
  | 'CDN_SECRET'
>;

/** Opens the configured object store, without asking it anything. */
export async function openStorage(config: StorageConfig): Promise<Storage> {
  if (config.STORAGE === 'embedded') {
    const store = await EmbeddedStore.open(join(config.DATA_DIR, 'files'), config.PUBLIC_URL);
    return { store, embeddedFiles: store, fileOrigins: [] };
  }
  // Loaded only where it is used: the SDK takes a third of a server's time to start.
  const { S3Store } = await import('./s3/index.js');
  const { CDN_URL, CDN_SECRET = '' } = config;
  const store = new S3Store({
    endpoint: config.S3_ENDPOINT,
    publicEndpoint: config.S3_PUBLIC_ENDPOINT,
    region: config.S3_REGION,
    // Checked with the configuration.
    bucket: config.S3_BUCKET ?? '',
    accessKeyId: config.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: config.S3_SECRET_ACCESS_KEY ?? '',
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
    cdn: CDN_URL === undefined ? undefined : { url: CDN_URL, secret: CDN_SECRET },
  });
  const cdnOrigin = CDN_URL === undefined ? [] : [new URL(CDN_URL).origin];
  return { store, embeddedFiles: undefined, fileOrigins: [store.origin, ...cdnOrigin] };
}

/**
 * Checks the object store when the server starts. While it cannot be reached, the server starts all the same: chat goes on,
 * and uploads are answered `UNAVAILABLE`.
 *
 * @throws Error with a sentence that names the variable, when the configuration is wrong.
 */
export async function checkStorage(
  store: ObjectStore,
  { STORAGE, REDIS_URL }: Pick<Config, 'STORAGE' | 'REDIS_URL'>,
  logger: Logger,
): Promise<void> {
  if (STORAGE === 'embedded' && REDIS_URL !== undefined) {
    logger.warn('STORAGE=embedded keeps files on this machine: servers on other machines do not have them');
  }
  try {
    await store.check();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    logger.warn({ err: error }, 'the object store does not answer: files cannot be uploaded until it does');
  }
}
