/**
 * A bare Socket.IO relay: it sends events of the same shape, but checks and stores nothing and waits for nothing. Its
 * figures are the upper bound for a chat server on this transport and machine. Runs as a separate process.
 */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

interface Payload {
  conversationId: string;
  clientMessageId: string;
  content: string;
}
type Acknowledge = (answer: object) => void;

const http = createServer((_request, response) => response.end('{"status":"ok"}'));
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
const seqs = new Map<string, number>();

const room = (userId: string): string => `user:${userId}`;
const userOf = (auth: Record<string, unknown>): string => String(auth['userId']);

function toMessage(senderId: string, payload: Payload): object {
  const seq = (seqs.get(payload.conversationId) ?? 0) + 1;
  seqs.set(payload.conversationId, seq);
  const now = new Date().toISOString();
  return {
    _id: payload.clientMessageId,
    conversationId: payload.conversationId,
    seq,
    senderId,
    sender: { _id: senderId },
    clientMessageId: payload.clientMessageId,
    kind: 'text',
    content: payload.content,
    attachments: [],
    reactions: [],
    status: 'sent',
    createdAt: now,
    updatedAt: now,
  };
}

io.on('connection', (socket) => {
  const userId = userOf(socket.handshake.auth);
  void socket.join(room(userId));
  socket.on('getOrCreateDirect', ({ otherUserId }: { otherUserId: string }, acknowledge: Acknowledge) => {
    const _id = [userId, otherUserId].sort().join('|');
    acknowledge({ success: true, data: { conversation: { _id }, created: true } });
  });
  socket.on('createGroup', (_payload: object, acknowledge: Acknowledge) => {
    acknowledge({ success: true, data: { conversation: { _id: 'group' } } });
  });
  socket.on('watchConversation', ({ conversationId }: Payload, acknowledge: Acknowledge) => {
    void socket.join(conversationId);
    acknowledge({ success: true, data: {} });
  });
  socket.on('sendMessage', (payload: Payload, acknowledge: Acknowledge) => {
    const message = toMessage(userId, payload);
    const members = payload.conversationId.split('|');
    if (members.length === 1) {
      socket.to(payload.conversationId).emit('message:new', { success: true, data: message });
    }
    for (const member of members.length === 1 ? [] : members) {
      if (member !== userId) io.to(room(member)).emit('message:new', { success: true, data: message });
    }
    acknowledge({ success: true, data: { ...message, duplicate: false } });
  });
});

http.listen(Number(process.env['PORT']), '127.0.0.1');
const stop = (): void => void io.close().then(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('disconnect', stop);
process.on('SIGINT', () => undefined);
