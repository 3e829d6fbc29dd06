// An app's backend in 30 lines: two users, a chat on their match, a system message, and a token for the app.
//   KEY=parley_… node docs/examples/backend.mjs [address]
const address = process.argv[2] ?? `http://localhost:${process.env.PORT ?? 3000}`;

/** Calls the server-side API. `id` names the call: repeating it after a lost answer does nothing twice. */
async function call(method, path, { body, id } = {}) {
  const response = await fetch(`${address}/api/server/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${process.env.KEY}`,
      'Content-Type': 'application/json',
      ...(id !== undefined && { 'Idempotency-Key': id }),
    },
    body: body && JSON.stringify(body),
  });
  const { success, data, code, error } = await response.json();
  if (!success) throw new Error(`${method} ${path}: ${code} ${error}`);
  return data;
}

const users = [
  { userId: 'nora', name: 'Nora Lind' },
  { userId: 'omar', name: 'Omar Aziz' },
];
await call('POST', '/users', { body: { users } });
const occasion = { kind: 'general', title: 'You matched' };
const match = { body: { userIds: ['nora', 'omar'], occasion }, id: 'match-nora-omar' };
const { conversationId } = await call('POST', '/conversations/direct', match);
const hello = { body: { content: 'It is a match! Say hello.' }, id: 'hello-nora-omar' };
const { seq } = await call('POST', `/conversations/${conversationId}/messages`, hello);
console.log('system message', { seq });
console.log('unread of omar', await call('GET', '/users/omar/unread'));
const { token } = await call('POST', '/users/omar/token');
console.log('token for the app', { parts: token.split('.').length });
