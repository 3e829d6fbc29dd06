import { join } from 'node:path';
import express, { type Express } from 'express';
import { AppError } from '../../utils/appError.js';

/**
 * Serves the built page, with `index.html` at `/`. Browsers keep everything in `assets/` for good, because names there
 * contain a hash of the content; they use the rest after the server has confirmed that it is current. Without a built
 * page, `/` answers `NOT_FOUND` with the command that builds it. The page may be built while the server runs.
 */
export function mountPage(app: Express, pageDir: string): void {
  app.use('/assets', express.static(join(pageDir, 'assets'), { immutable: true, maxAge: '1y' }));
  app.use(
    express.static(pageDir, {
      cacheControl: false,
      setHeaders: (response) => response.setHeader('Cache-Control', 'no-cache'),
    }),
  );
  app.get('/', () => {
    throw new AppError('NOT_FOUND', 'The page has not been built. Build it with "npm run build".');
  });
}
