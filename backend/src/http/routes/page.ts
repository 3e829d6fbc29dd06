import { join } from 'node:path';
import compression from 'compression';
import express, { type Express, type RequestHandler } from 'express';
import { AppError } from '../../utils/appError.js';

/**
 * Serves the built page, with `index.html` at `/`, and the app at `/app/`. Browsers keep everything in `assets/` for good,
 * because names there contain a hash of the content; they use the rest after the server has confirmed that it is current.
 * Without a built page, `/` answers `NOT_FOUND` with the command that builds it. Both may be built while the server runs.
 */
export function mountPage(app: Express, { pageDir, appDir }: { pageDir: string; appDir: string }): void {
  app.use('/app', ...serveBuilt(appDir));
  app.use(...serveBuilt(pageDir));
  app.get(['/', '/app'], () => {
    throw new AppError('NOT_FOUND', 'The page has not been built. Build it with "npm run build".');
  });
}

function serveBuilt(folder: string): [RequestHandler, RequestHandler] {
  const assets = express.static(join(folder, 'assets'), { immutable: true, maxAge: '1y' });
  const rest = express.static(folder, {
    cacheControl: false,
    setHeaders: (response) => response.setHeader('Cache-Control', 'no-cache'),
  });
  const router = express.Router();
  // Bundles are a quarter of their size then. Answers of the API are not compressed: they mix secrets with others' text.
  router.use(compression());
  router.use('/assets', assets);
  return [router, rest];
}
