import type { RequestHandler, Response, Router } from 'express';
import {
  ENDPOINTS,
  ENDPOINT_NAMES,
  SERVER_ENDPOINTS,
  SERVER_ENDPOINT_NAMES,
  STREAMS,
} from '../../../contract/index.js';
import { AppError } from '../utils/appError.js';
import { groupBy } from '../utils/groupBy.js';

/** Paths of the tables with their methods in upper case. Express answers HEAD where there is a GET. */
const METHODS: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ...groupBy(
      [
        ...ENDPOINT_NAMES.map((name) => ENDPOINTS[name]),
        ...SERVER_ENDPOINT_NAMES.map((name) => SERVER_ENDPOINTS[name]),
        ...Object.values(STREAMS).map(({ path }) => ({ method: 'get', path })),
      ],
      ({ path }) => path,
    ),
  ].map(([path, rows]) => [path, rows.map(({ method }) => method.toUpperCase())]),
);

function refuse(response: Response, methods: readonly string[]): never {
  response.setHeader('Allow', methods.join(', '));
  throw new AppError('METHOD_NOT_ALLOWED', `Allowed here: ${methods.join(', ')}.`);
}

/**
 * Refuses other methods for paths without parameters. Mounted before the endpoints: `PATCH /api/conversations/start` would
 * otherwise be one of the conversation `start`.
 */
export const refuseOtherMethodsOfLiteralPaths: RequestHandler = (request, response, next) => {
  const methods = METHODS.get(request.path);
  if (methods !== undefined && !methods.includes(request.method === 'HEAD' ? 'GET' : request.method)) {
    refuse(response, methods);
  }
  next();
};

/** Answers requests for a path of the tables with a method that it does not have. Mounted after endpoints and streams. */
export function refuseOtherMethods(router: Router): void {
  for (const [path, methods] of METHODS) router.all(path, (_request, response) => refuse(response, methods));
}
