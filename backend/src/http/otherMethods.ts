import type { Router } from 'express';
import { ENDPOINTS, ENDPOINT_NAMES, STREAMS } from '../../../contract/index.js';
import { AppError } from '../utils/appError.js';

/** Answers requests for a path of the tables with a method that it does not have. Mounted after endpoints and streams. */
export function refuseOtherMethods(router: Router): void {
  const streams = Object.values(STREAMS).map(({ path }) => ({ method: 'get', path }));
  const rows = [...ENDPOINT_NAMES.map((name) => ENDPOINTS[name]), ...streams];
  for (const path of new Set(rows.map((row) => row.path))) {
    const methods = rows.filter((row) => row.path === path).map(({ method }) => method.toUpperCase());
    router.all(path, (_request, response) => {
      response.setHeader('Allow', methods.join(', '));
      throw new AppError('METHOD_NOT_ALLOWED', `Allowed here: ${methods.join(', ')}.`);
    });
  }
}
