import { ENDPOINTS, type EndpointName } from '../../../contract/index.js';
import type { Api, ApiReply } from '../../support/api.js';
import type { EndpointSample } from '../../../contract/documents/samples.js';

/** Returns the path of an endpoint with its parameters and query. */
export function pathOf(name: EndpointName, { params = {}, query = {} }: EndpointSample): string {
  const path = ENDPOINTS[name].path.replace(/:(\w+)/g, (_, key: string) =>
    encodeURIComponent(params[key] ?? ''),
  );
  const search = new URLSearchParams(query).toString();
  return search === '' ? path : `${path}?${search}`;
}

export const requestSample = (api: Api, name: EndpointName, sample: EndpointSample): Promise<ApiReply> =>
  api.request(ENDPOINTS[name].method.toUpperCase(), pathOf(name, sample), sample.body);
