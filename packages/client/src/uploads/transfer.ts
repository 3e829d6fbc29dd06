import type { UploadBody } from '../api/uploads.js';

export interface TransferRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: UploadBody;
  sizeBytes: number;
  signal: AbortSignal;
  /** Called with the bytes that have left so far, where the platform tells. */
  onProgress: (sentBytes: number) => void;
}

/** Sends one `PUT`. Resolves with the status of the answer; rejects when there is none, or the signal aborts it. */
export type Transfer = (request: TransferRequest) => Promise<number>;

/** The part of `XMLHttpRequest` that is used; Node has none. */
interface Xhr {
  readonly status: number;
  readonly upload: { onprogress: ((event: { loaded: number }) => void) | null };
  onload: (() => void) | null;
  onerror: (() => void) | null;
  open: (method: string, url: string) => void;
  setRequestHeader: (name: string, value: string) => void;
  send: (body: UploadBody) => void;
  abort: () => void;
}

const platform = globalThis as unknown as { XMLHttpRequest?: new () => Xhr };

/** A transfer without progress for this long is given up, in ms. */
const STALL_MS = 60_000;
/** Slowest transfer that `fetch` waits for, in bytes per ms: it tells no progress. */
const SLOWEST = 16;

/** Uses `XMLHttpRequest`, which tells progress, where it exists (browsers, React Native), else `fetch`. */
export const platformTransfer: Transfer = (request) =>
  platform.XMLHttpRequest === undefined
    ? fetchTransfer(request)
    : xhrTransfer(new platform.XMLHttpRequest(), request);

const xhrTransfer = (
  request: Xhr,
  { url, headers, body, sizeBytes, signal, onProgress }: TransferRequest,
): Promise<number> =>
  new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (work: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      work();
    };
    const fail = (reason: string): void => settle(() => reject(new Error(reason)));
    const abort = (): void => {
      request.abort();
      fail('The transfer was ended.');
    };
    const watch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        request.abort();
        fail('The transfer does not move.');
      }, STALL_MS);
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort);
    request.upload.onprogress = ({ loaded }) => {
      watch();
      onProgress(Math.min(loaded, sizeBytes));
    };
    request.onload = () => settle(() => resolve(request.status));
    request.onerror = () => fail('The transfer was interrupted.');
    request.open('PUT', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    watch();
    request.send(body);
  });

export const fetchTransfer: Transfer = async ({ url, headers, body, sizeBytes, signal, onProgress }) => {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  const timer = setTimeout(end, STALL_MS + sizeBytes / SLOWEST);
  try {
    const { status } = await fetch(url, { method: 'PUT', headers, body, signal: ended.signal });
    onProgress(sizeBytes);
    return status;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
};
