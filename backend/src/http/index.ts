import cors from 'cors';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import { ERRORS, LIMITS, type Failure } from '../../../contract/index.js';
import type { Config } from '../config.js';
import { toFailure } from '../pipeline/failure.js';
import type { Services } from '../services/index.js';
import type { StreamTickets } from '../services/users/index.js';
import { AppError } from '../utils/appError.js';
import { limitBody } from '../utils/limitBody.js';
import type { ThrottledLog } from '../utils/throttledLog.js';
import { mountDemo, type DemoOptions } from './demo/index.js';
import { refuseOtherMethods, refuseOtherMethodsOfLiteralPaths } from './otherMethods.js';
import { send } from './route.js';
import { mountAttachments, type AttachmentRouteDeps } from './routes/attachments.js';
import { mountServerApi, type ServerRouteDeps } from './serverRoute.js';
import { mountConversations, mountMessages, type ChatRouteDeps } from './routes/chat.js';
import { mountCommands } from './routes/commands.js';
import { mountDocuments, type DocumentDeps } from './routes/documents.js';
import { mountFiles, type FileRouteDeps } from './routes/files.js';
import { mountMetrics } from './routes/metrics.js';
import { mountOperations, type ComponentChecks } from './routes/operations.js';
import { mountUsers } from './routes/users.js';
import { mountWebApp } from './routes/webApp.js';

export { ensureDemoUsers } from './demo/index.js';

export interface HttpDeps extends ChatRouteDeps, AttachmentRouteDeps, FileRouteDeps, ServerRouteDeps {
  /** Other origins that files come from: the object store, the CDN. */
  fileOrigins: readonly string[];
  config: Pick<Config, 'CORS_ORIGINS' | 'METRICS_TOKEN' | 'NODE_ENV'>;
  checks: ComponentChecks;
  renderMetrics: () => Promise<string>;
  /** Folder of the app that was built for browsers. */
  webAppDir: string;
  tickets: StreamTickets;
  /** Mounts the event streams, which belong to HTTP and to the sockets. */
  mountStreams: (router: Router) => void;
  documents: DocumentDeps;
  demo: DemoOptions | undefined;
  /** Conversations of the demo users. */
  conversations: Services['conversations'];
}

/** Hash of an empty style element: react-native-web inserts one and adds its rules by script. */
const EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

/**
 * Content Security Policy of the app: its own scripts and styles, https images and audio, WebSockets, and the object store.
 */
const contentPolicy = (fileOrigins: readonly string[]) => ({
  directives: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'", EMPTY_STYLE],
    connectSrc: ["'self'", 'ws:', 'wss:', ...fileOrigins],
    // `blob:` for a preview of a picture that is being sent.
    imgSrc: ["'self'", 'https:', 'data:', 'blob:', ...fileOrigins],
    mediaSrc: ["'self'", 'https:', 'blob:', ...fileOrigins],
    // Disabled, because the app must also work over plain HTTP in a private network.
    upgradeInsecureRequests: null,
  },
});

/** Paths whose responses are private to the caller, or soon outdated. All other paths serve the app. */
const PRIVATE_PATHS = ['/api', '/metrics', '/health'];

/** Forbids browsers and proxies to store responses: on a shared machine the next user could read them. */
const forbidStoring: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};

const limitRequestBody: RequestHandler = (request, _response, next) => {
  limitBody(request);
  next();
};

export function createHttpApp(deps: HttpDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet({ contentSecurityPolicy: contentPolicy(deps.fileOrigins), strictTransportSecurity: false }));
  app.use(cors({ origin: deps.config.CORS_ORIGINS.includes('*') ? '*' : deps.config.CORS_ORIGINS }));
  app.disable('etag');
  mountFiles(app, deps);
  app.use(limitRequestBody);
  app.use(PRIVATE_PATHS, forbidStoring);
  app.use(refuseOtherMethodsOfLiteralPaths);
  mountOperations(app, deps);
  mountMetrics(app, deps);
  mountServerApi(app, deps);
  app.use(express.json({ limit: LIMITS.maxBodyBytes }));
  mountConversations(app, deps);
  mountMessages(app, deps);
  mountUsers(app, deps);
  deps.mountStreams(app);
  mountAttachments(app, deps);
  mountCommands(app, deps);
  refuseOtherMethods(app);
  if (deps.demo !== undefined) mountDemo(app, deps, deps.demo);
  mountDocuments(app, deps.documents);
  mountWebApp(app, deps);
  app.use(() => {
    throw new AppError('NOT_FOUND', 'There is no such route.');
  });
  app.use(answerErrors(deps.log));
  return app;
}

/** Errors of Express and its body parser that the client caused: they have a 4xx `status`. */
const clientError = z.object({ status: z.int().min(400).max(499) });

function answerErrors(log: ThrottledLog): ErrorRequestHandler {
  // eslint-disable-next-line max-params -- Express recognises an error handler by its four parameters.
  return (error: unknown, _request, response, _next) => {
    const failure = toHttpFailure(error, log);
    // Express's default handler would also end the response, but it would print a stack trace for each error.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // A file may have been announced already, by headers that make its answer last.
    for (const name of ['Content-Disposition', 'Content-Type']) response.removeHeader(name);
    response.setHeader('Cache-Control', 'no-store');
    send(response, ERRORS[failure.code].status, failure);
  };
}

/** By status. */
const CLIENT_FAILURES: Partial<Record<number, Omit<Failure, 'success'>>> = {
  // A file that was removed after it was found.
  404: { code: 'NOT_FOUND', error: 'There is no such file.' },
  413: { code: 'TOO_LARGE', error: 'The body is too large.' },
  416: { code: 'VALIDATION', error: 'The range is outside of the file.' },
};
const MALFORMED = { code: 'VALIDATION', error: 'The request is malformed: send JSON in UTF-8.' } as const;

function toHttpFailure(error: unknown, log: ThrottledLog): Failure {
  const parsed = clientError.safeParse(error);
  if (error instanceof AppError || !parsed.success) return toFailure(error, log, { command: 'http' });
  return { success: false, ...(CLIENT_FAILURES[parsed.data.status] ?? MALFORMED) };
}
