import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { conversationOf, messageOf } from './generate.js';

/** Amounts that the stub serves. */
export interface StubSize {
  conversations: number;
  messagesPerConversation: number;
  /** Conversations that a device with an old cursor is told to have changed. */
  changed: number;
}

export interface StubServer {
  url: string;
  close: () => Promise<void>;
}

const SYNC_PAGE = 100;
const EPOCH = 'bench';
/** Cursor of a device that has been away. */
const MONTH_OLD = 'a-month-ago';

interface PageInput {
  conversationId: string;
  before?: number;
  after?: number;
  around?: number;
  limit?: number;
}

/** Answers the commands of a client from memory, with prepared pages: the client is measured, and nothing behind it. */
export async function startStubServer(size: StubSize): Promise<StubServer> {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], maxHttpBufferSize: 1e8 });
  const pages = syncPages(size);
  io.on('connection', (socket) => {
    socket.onAny(
      (event: string, payload: Record<string, unknown>, acknowledge?: (answer: unknown) => void) => {
        acknowledge?.({ success: true, data: answerTo(event, payload, { size, pages }) });
      },
    );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () => io.close(),
  };
}

function answerTo(
  event: string,
  payload: Record<string, unknown>,
  { size, pages }: { size: StubSize; pages: readonly unknown[] },
): unknown {
  if (event === 'getConversations') return listPage(payload, size);
  if (event === 'sync') return syncPage(payload, pages);
  // The only client is the SDK, which sends what the contract says.
  if (event === 'getMessages') return messagePage(payload as unknown as PageInput, size);
  if (event === 'presence:watch') return { presences: [] };
  return {};
}

function listPage({ cursor, limit }: Record<string, unknown>, size: StubSize): unknown {
  const from = Number(cursor ?? 0);
  const to = Math.min(size.conversations, from + Number(limit ?? SYNC_PAGE));
  return {
    conversations: range(from, to).map((number) => conversationOf(number, size.messagesPerConversation)),
    ...(to < size.conversations && { nextCursor: String(to) }),
    totalUnread: size.conversations,
    mutedUnread: 0,
    ...(from === 0 && { syncCursor: MONTH_OLD }),
  };
}

/** Every round of `sync` brings all changes: its last cursor is again the one of a month ago. */
function syncPage({ cursor }: Record<string, unknown>, pages: readonly unknown[]): unknown {
  const number = cursor === undefined || cursor === MONTH_OLD ? 0 : Number(cursor);
  const hasMore = number + 1 < pages.length;
  return {
    conversations: pages[number] ?? [],
    settings: [],
    removed: [],
    cursor: hasMore ? String(number + 1) : MONTH_OLD,
    hasMore,
    epoch: EPOCH,
    totalUnread: 0,
    mutedUnread: 0,
  };
}

const syncPages = ({ changed, messagesPerConversation }: StubSize): unknown[] =>
  range(0, Math.ceil(changed / SYNC_PAGE)).map((page) =>
    range(page * SYNC_PAGE, Math.min(changed, (page + 1) * SYNC_PAGE)).map((number) =>
      conversationOf(number, messagesPerConversation),
    ),
  );

function messagePage(
  { conversationId, before, after, limit = SYNC_PAGE }: PageInput,
  size: StubSize,
): unknown {
  const last = size.messagesPerConversation;
  const to = Math.min(last, before === undefined ? (after === undefined ? last : after + limit) : before - 1);
  const from = Math.max(1, after === undefined ? to - limit + 1 : after + 1);
  return {
    messages: range(from, to + 1).map((seq) => messageOf(conversationId, seq)),
    lastSeq: last,
    hasMore: after === undefined ? from > 1 : to < last,
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
