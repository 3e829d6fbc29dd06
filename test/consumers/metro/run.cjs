// Runs the bundle in an environment without Node's modules, where React Native's globals are absent too.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const vm = require('node:vm');

const globals = {
  console,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  queueMicrotask,
  performance,
  URL,
  TextEncoder,
};
const context = vm.createContext({ ...globals });
context.globalThis = context;
vm.runInContext(readFileSync(`${__dirname}/out/app.js`, 'utf8'), context);

const { client } = context;
client.connect().then(() => {
  const { clientMessageId } = client.conversation('0123456789abcdef01234567').sendMessage({ text: 'hello' });
  assert.equal(clientMessageId, '00000000-0000-4000-8000-000000000000');
  assert.equal(client.outbox.getPending().length, 1);
  return client.dispose();
});
