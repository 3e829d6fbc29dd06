import type { EndpointSample } from '../../../contract/documents/samples.js';
import { SERVER_ENDPOINTS, type ServerEndpointName } from '../../../contract/index.js';
import type { ApiReply } from '../../support/api.js';
import type { Backend } from './backend.js';

const ROOT = '/api/server/v1';

/** Returns method and path (behind `/api/server/v1`) of a sample. */
export function routeOf(
  name: ServerEndpointName,
  { params = {}, query = {} }: EndpointSample,
): [method: string, path: string] {
  const { method, path } = SERVER_ENDPOINTS[name];
  const filled = path
    .slice(ROOT.length)
    .replace(/:(\w+)/g, (_, field: string) => encodeURIComponent(params[field] ?? ''));
  const search = new URLSearchParams(query).toString();
  return [method.toUpperCase(), search === '' ? filled : `${filled}?${search}`];
}

export const callSample = (
  backend: Backend,
  name: ServerEndpointName,
  sample: EndpointSample,
): Promise<ApiReply<Record<string, unknown>>> =>
  backend.call(...routeOf(name, sample), sample.body === undefined ? {} : { body: sample.body });
