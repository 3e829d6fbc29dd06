import express, { type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import { asyncApiDocument } from '../../../../contract/documents/asyncApi.js';
import { openApiDocument } from '../../../../contract/documents/openApi.js';
import { serverOpenApiDocument } from '../../../../contract/documents/serverOpenApi.js';

export interface DocumentDeps {
  /** Version of the server, for `info.version`. */
  version: string;
  /** Folder of the pages at `/docs`, and the script that renders the documents there. */
  docsDir: string;
  redocFile: string;
}

/** Content Security Policy of the pages at `/docs`: nothing from the network. The renderer writes its styles into the page. */
const DOCS_POLICY = {
  directives: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    fontSrc: ["'self'", 'data:'],
    imgSrc: ["'self'", 'data:'],
    workerSrc: ["'self'", 'blob:'],
    upgradeInsecureRequests: null,
  },
};

/**
 * Mounts the machine-readable contracts, `GET /api/openapi.json`, `GET /api/server/openapi.json` and `GET /api/asyncapi.json`, and pages that show them at
 * `/docs`. They need no token: they say what the server can do and nothing about its users.
 */
export function mountDocuments(router: Router, { version, docsDir, redocFile }: DocumentDeps): void {
  router.get(
    '/api/openapi.json',
    serveJson(() => openApiDocument(version)),
  );
  router.get(
    '/api/server/openapi.json',
    serveJson(() => serverOpenApiDocument(version)),
  );
  router.get(
    '/api/asyncapi.json',
    serveJson(() => asyncApiDocument(version)),
  );
  router.use('/docs', helmet.contentSecurityPolicy(DOCS_POLICY));
  router.get('/docs/redoc.js', (_request, response) => {
    response.sendFile(redocFile);
  });
  router.use('/docs', express.static(docsDir));
}

/** Makes the document at the first request: most servers are never asked for it. */
function serveJson(make: () => object): RequestHandler {
  let text: string | undefined;
  return (_request, response) => {
    text ??= JSON.stringify(make());
    response.setHeader('Cache-Control', 'no-cache');
    response.type('json').send(text);
  };
}
