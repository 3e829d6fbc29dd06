/** A first visit of the app over an emulated network, and what was loaded before the list was there. */

/** The parts of a session of the DevTools protocol that are used. */
export interface NetworkSession {
  send: (method: 'Network.enable' | 'Network.emulateNetworkConditions', params?: object) => Promise<unknown>;
  on: (
    event:
      | 'Network.requestWillBeSent'
      | 'Network.loadingFinished'
      | 'Network.webSocketCreated'
      | 'Network.webSocketFrameSent',
    listener: (data: NetworkEvent) => void,
  ) => unknown;
}

interface NetworkEvent {
  requestId: string;
  request?: { url: string };
  url?: string;
  initiator?: { type: string; url?: string };
  encodedDataLength?: number;
  response?: { payloadData: string };
}

/** 4G as Lighthouse's network panel has it without its slow-down: 10 Mbit/s both ways, 40 ms of latency. */
const FOUR_G = {
  offline: false,
  latency: 40,
  downloadThroughput: 10_000_000 / 8,
  uploadThroughput: 10_000_000 / 8,
};

export interface Visit {
  /** Paths that were requested, in order; a WebSocket counts. */
  requests: string[];
  /** Bytes over HTTP, as sent: compressed, with their headers. */
  bytes: number;
  /** Requests that another one had to arrive for before they were known: 1 for what the page names. */
  depth: number;
  /** Commands that were sent over the WebSocket. */
  commands: string[];
}

/** Slows a page down to 4G, and notes what it loads. @returns the visit, which grows as long as the page is open */
export async function watchVisit(session: NetworkSession): Promise<Visit> {
  const visit: Visit = { requests: [], bytes: 0, depth: 0, commands: [] };
  const depths = new Map<string, number>();
  const note = (url: string, initiator: NetworkEvent['initiator']): void => {
    const depth = initiator?.url === undefined ? 0 : (depths.get(initiator.url) ?? 0) + 1;
    depths.set(url, depth);
    visit.depth = Math.max(visit.depth, depth);
    visit.requests.push(new URL(url).pathname);
  };
  session.on('Network.requestWillBeSent', ({ request, initiator }) => {
    if (request !== undefined && !request.url.startsWith('data:')) note(request.url, initiator);
  });
  session.on(
    'Network.webSocketCreated',
    ({ url }) => url !== undefined && visit.requests.push(new URL(url).pathname),
  );
  session.on('Network.loadingFinished', ({ encodedDataLength = 0 }) => (visit.bytes += encodedDataLength));
  session.on('Network.webSocketFrameSent', ({ response }) => {
    const command = /^42\d*\["([^"]+)"/.exec(response?.payloadData ?? '')?.[1];
    if (command !== undefined) visit.commands.push(command);
  });
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', FOUR_G);
  return visit;
}
