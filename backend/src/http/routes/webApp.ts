import { join } from 'node:path';
import compression from 'compression';
import express, { type Express } from 'express';
import { AppError } from '../../utils/appError.js';

/**
 * Serves the built app, with `index.html` at `/`. Browsers keep everything in `assets/` for good, because names there contain a
 * hash of the content; they use the rest after the server has confirmed that it is current. Without a built app, `/` answers
 * `NOT_FOUND` with the command that builds it. It may be built while the server runs.
 */
export function mountWebApp(app: Express, { webAppDir }: { webAppDir: string }): void {
  // Bundles are a quarter of their size then. Answers of the API are not compressed: they mix secrets with others' text.
  app.use(compression());
  app.use(
    '/assets',
    express.static(join(webAppDir, 'assets'), { immutable: true, maxAge: '1y', redirect: false }),
  );
  app.use(
    express.static(webAppDir, {
      cacheControl: false,
      // Folders have no pages, and their addresses are the client's words.
      redirect: false,
      setHeaders: (response) => response.setHeader('Cache-Control', 'no-cache'),
    }),
  );
  app.get('/', () => {
    throw new AppError('NOT_FOUND', 'The app has not been built. Build it with "npm run build".');
  });
}
