import type { Request, RequestHandler, Router } from 'express';
import type { Failure } from '../../../../contract/index.js';
import type { Services } from '../../services/index.js';
import { FILES_PATH, type EmbeddedStore, type Received } from '../../storage/embedded/index.js';
import { AppError, unavailable } from '../../utils/appError.js';
import { send } from '../route.js';
import { UploadSlots } from './uploadSlots.js';

export interface FileRouteDeps {
  /** The embedded store, if it is used: clients then send and load files here. */
  embeddedFiles: EmbeddedStore | undefined;
  uploads: Pick<Services['uploads'], 'uploaderOf'>;
}

/** A URL is valid for minutes, and what it names never changes. */
const CACHE_CONTROL = 'private, max-age=600, immutable';
/** Nothing in a file may run, load or be framed, should a browser ever show it as a page. */
const FILE_POLICY = "default-src 'none'; sandbox";

const REFUSALS: Record<Exclude<Received, 200>, Omit<Failure, 'success'>> = {
  400: { code: 'VALIDATION', error: 'The body does not have the announced length, or the upload has ended.' },
  403: { code: 'FORBIDDEN', error: 'This URL is not signed for this request, or has expired.' },
  411: { code: 'VALIDATION', error: 'Send a Content-Length.' },
  412: { code: 'CONFLICT', error: 'The bytes have arrived before, or the upload has ended.' },
};

/** Splits the URL of a file into key and query. */
function partsOf(originalUrl: string): { key: string; query: URLSearchParams } {
  const [path = '', search = ''] = originalUrl.split('?', 2);
  return { key: path.slice(FILES_PATH.length), query: new URLSearchParams(search) };
}

/** Mounts the embedded store. The signature of a URL is all that counts here: there is no token. */
export function mountFiles(router: Router, { embeddedFiles: store, uploads }: FileRouteDeps): void {
  if (store === undefined) return;
  router.put(`${FILES_PATH}{*key}`, receiveWith(store, uploads));
  router.get(`${FILES_PATH}{*key}`, serveWith(store));
}

function receiveWith(store: EmbeddedStore, uploads: FileRouteDeps['uploads']): RequestHandler {
  const slots = new UploadSlots();
  const receive = async (request: Request): Promise<Received> => {
    const { key, query } = partsOf(request.originalUrl);
    const id = store.findSignedUpload(key, query);
    if (id === undefined) return 403;
    const uploader = await uploads.uploaderOf(id);
    if (uploader === undefined) return 412;
    const slot = slots.take(uploader, request);
    try {
      const headers = { length: request.headers['content-length'], type: request.headers['content-type'] };
      return await store.receive(key, query, { body: request, headers });
    } finally {
      slot.release();
    }
  };
  return async (request, response) => {
    try {
      const status = await receive(request);
      if (status === 200) response.status(200).end();
      else {
        // The rest of a refused body is not read.
        response.setHeader('Connection', 'close');
        send(response, status, { success: false, ...REFUSALS[status] });
      }
    } catch (error) {
      // The client has gone, or the disk is full.
      if (request.destroyed && !request.complete) return void response.destroy();
      throw error instanceof AppError ? error : unavailable('The file could not be stored.', error);
    }
  };
}

function serveWith(store: EmbeddedStore): RequestHandler {
  return async (request, response) => {
    const { key, query } = partsOf(request.originalUrl);
    const found = await store.serve(key, query);
    if (found === 'forbidden') throw new AppError('FORBIDDEN', REFUSALS[403].error);
    if (found === 'missing') throw new AppError('NOT_FOUND', 'There is no such file.');
    response.setHeader('Content-Type', found.headers.mimeType);
    response.setHeader('Content-Disposition', found.headers.disposition);
    response.setHeader('Cache-Control', CACHE_CONTROL);
    response.setHeader('Content-Security-Policy', FILE_POLICY);
    // Web apps on another origin show these files, too. Whoever has the URL may load it.
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    response.removeHeader('X-Frame-Options');
    response.sendFile(found.file, { cacheControl: false, dotfiles: 'allow' });
  };
}
