import cors from 'cors';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import { ERRORS, LIMITS, type Failure } from '../../../contract/index.js';
import type { Config } from '../config.js';
import { toFailure } from '../pipeline/failure.js';
import { AppError } from '../utils/appError.js';
import type { Logger } from '../utils/logger.js';
import { send } from './route.js';
import { mountConversations, mountMessages, type ChatRouteParts } from './routes/chat.js';
import type { CommandHandlers } from '../commands/types.js';
import { mountCommands } from './routes/commands.js';
import { mountDemo, type DemoOptions } from './routes/demo.js';
import { mountMetrics } from './routes/metrics.js';
import { mountOperations, type ComponentChecks } from './routes/operations.js';
import { mountUsers } from './routes/users.js';

export interface HttpParts extends ChatRouteParts {
  commands: CommandHandlers;
  config: Pick<Config, 'CORS_ORIGINS' | 'METRICS_TOKEN' | 'NODE_ENV'>;
  checks: ComponentChecks;
  renderMetrics: () => Promise<string>;
  publicDir: string;
  demo: DemoOptions | undefined;
}

/** The page needs its own scripts and styles, pictures and voice notes from anywhere, and the socket. */
const CONTENT_POLICY = {
  directives: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'", 'ws:', 'wss:'],
    imgSrc: ["'self'", 'https:', 'data:'],
    mediaSrc: ["'self'", 'https:'],
    // The page must also work over plain HTTP on somebody's own network.
    upgradeInsecureRequests: null,
  },
};

export function createHttpApp(parts: HttpParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet({ contentSecurityPolicy: CONTENT_POLICY, strictTransportSecurity: false }));
  app.use(cors({ origin: parts.config.CORS_ORIGINS.includes('*') ? '*' : parts.config.CORS_ORIGINS }));
  mountOperations(app, parts);
  mountMetrics(app, parts);
  app.use(express.json({ limit: LIMITS.maxBodyBytes }));
  mountConversations(app, parts);
  mountMessages(app, parts);
  mountUsers(app, parts);
  mountCommands(app, parts, parts.commands);
  if (parts.demo !== undefined) mountDemo(app, parts.demo);
  app.use(express.static(parts.publicDir));
  app.use(() => {
    throw new AppError('NOT_FOUND', 'There is no such route.');
  });
  app.use(answerErrors(parts.logger));
  return app;
}

/** What Express and its body parser throw: they name a client's fault by a status below 500. */
const clientFault = z.object({ status: z.int().min(400).max(499) });

function answerErrors(logger: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line max-params
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const failure = toHttpFailure(error, logger);
    send(response, ERRORS[failure.code].status, failure);
  };
}

function toHttpFailure(error: unknown, logger: Logger): Failure {
  const fault = clientFault.safeParse(error);
  if (error instanceof AppError || !fault.success) return toFailure(error, logger, { command: 'http' });
  if (fault.data.status === 413)
    return { success: false, code: 'TOO_LARGE', error: 'The body is too large.' };
  return { success: false, code: 'VALIDATION', error: 'The request cannot be read: send JSON in UTF-8.' };
}
