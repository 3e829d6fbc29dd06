import { createServer, type RequestListener, type Server } from 'node:http';
import { LIMITS } from '../../../contract/index.js';

/**
 * Maximum size of all request headers, in bytes. A token has at most 8 KiB. Cookies of the same site are sent along.
 */
const MAX_HEADER_BYTES = 16 * 1024;
/** Time until all headers of a request must have arrived, in ms. */
const HEADERS_TIMEOUT_MS = 10_000;
/**
 * Time until a whole request must have arrived, in ms: as long as the URL of an upload to the embedded store is valid. All
 * other requests get much less (`limitBody`).
 */
const REQUEST_TIMEOUT_MS = LIMITS.uploadUrlMs;
/** Interval at which Node checks these two timeouts, in ms. Its default is 30 s. */
const CHECK_EVERY_MS = 2_000;
/**
 * Time that an idle connection is kept open, in ms. Load balancers keep theirs for 60 s. If this server closed first, a
 * load balancer could send a request into a closing connection.
 */
const KEEP_ALIVE_MS = 65_000;
/**
 * Inactivity after which a connection is closed, in ms, for clients that do not read the response. It is longer than a
 * long poll of Socket.IO (25 s) and than `KEEP_ALIVE_MS`. WebSockets have their own pings.
 */
const INACTIVITY_MS = 70_000;

/** Creates the HTTP server with explicit limits against slow and oversized requests. */
export function createHttpServer(listener: RequestListener): Server {
  const http = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    listener,
  );
  http.timeout = INACTIVITY_MS;
  return http;
}
