import type { Router } from 'express';
import {
  ENDPOINTS,
  ENDPOINT_NAMES,
  SERVER_ENDPOINTS,
  SERVER_ENDPOINT_NAMES,
  STREAMS,
} from '../../../contract/index.js';
import { AppError } from '../utils/appError.js';

/** Answers requests for a path of the tables with a method that it does not have. Mounted after endpoints and streams. */
export function refuseOtherMethods(router: Router): void {
  const rows: { method: string; path: string }[] = [
    ...ENDPOINT_NAMES.map((name) => ENDPOINTS[name]),
    ...SERVER_ENDPOINT_NAMES.map((name) => SERVER_ENDPOINTS[name]),
    ...Object.values(STREAMS).map(({ path }) => ({ method: 'get', path })),
  ];
  for (const path of new Set(rows.map((row) => row.path))) {
    const methods = rows.filter((row) => row.path === path).map(({ method }) => method.toUpperCase());
    router.all(path, (_request, response) => {
      response.setHeader('Allow', methods.join(', '));
      throw new AppError('METHOD_NOT_ALLOWED', `Allowed here: ${methods.join(', ')}.`);
    });
  }
}
