import { createServer, type RequestListener, type Server } from 'node:http';

/** Bytes of all headers of a request: a token has at most 8 KiB, cookies of the same site come along. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Time for the headers of a request, and for all of it, in ms: a body has at most 128 KiB. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often those two are looked after, in ms; by default Node does so twice a minute. */
const CHECK_EVERY_MS = 2_000;
/** Longer than load balancers keep an idle connection (60 s): they must not send into one that is just being closed. */
const KEEP_ALIVE_MS = 65_000;
/**
 * A connection on which nothing moves for this long ends, in ms: a response that nobody reads. Longer than a poll of
 * Socket.IO waits (25 s) and than idle connections are kept; WebSockets have their own pings.
 */
const SILENCE_MS = 70_000;

/** The HTTP server, with every bound on slow and endless requests set on purpose. */
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
  http.timeout = SILENCE_MS;
  return http;
}
