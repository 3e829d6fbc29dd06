// Three servers, Redis and the load balancer of this folder on this machine, without containers: what is tried here is
// haproxy.cfg as it is, with other addresses. Needs haproxy and redis-server (Debian packages of these names), and a build.
//   npm run build && node deploy/try-locally.mjs
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import jwt from 'jsonwebtoken';
import { io } from 'socket.io-client';
import { openEmbeddedDatabase } from '../dist/tools/embedded-database/index.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JWT_SECRET = randomBytes(32).toString('hex');
const METRICS_TOKEN = randomBytes(16).toString('hex');
const folder = mkdtempSync(join(tmpdir(), 'parley-try-'));
const children = new Set();
const startedMs = performance.now();
const say = (text) =>
  console.log(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until `check` gives something truthy, and returns it. */
async function until(what, check, timeoutMs = 30_000) {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await Promise.resolve()
      .then(check)
      .catch(() => undefined);
    if (value) return value;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(50);
  }
}

function must(condition, what) {
  if (!condition) throw new Error(`this should hold: ${what}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a program that ends with this one; shows what it said when it ends by itself. */
function start(name, command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: `${process.env.PATH}:/usr/sbin`, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
  children.add(child);
  child.on('error', (error) => output.push(error.message));
  child.on('exit', (code) => {
    children.delete(child);
    if (code) console.error(`${name} ended with ${code}:\n${output.join('')}`);
  });
  return child;
}

const isUp = async (url, headers = {}) => (await fetch(url, { headers })).ok;

async function startServer(server, { mongoUri, redisPort }) {
  server.child = start(server.name, process.execPath, [join(ROOT, 'dist/backend/src/index.js')], {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(server.port),
    DATA_DIR: join(folder, server.name),
    MONGODB_URI: mongoUri,
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    ...{ JWT_SECRET, METRICS_TOKEN, TRUST_PROXY: '1', LOG_LEVEL: 'error' },
  });
  await until(`${server.name} is ready`, () => isUp(`http://127.0.0.1:${server.port}/health/ready`));
}

/** A client through the load balancer that comes back by itself, as the docs tell app developers to. */
function connect(url, userId, options) {
  const token = jwt.sign({ sub: userId, name: userId }, JWT_SECRET, { expiresIn: '1h' });
  const socket = io(url, { auth: { token }, forceNew: true, reconnectionDelay: 200, ...options });
  const client = { userId, socket, drained: 0, seqs: new Set(), errors: [] };
  socket.on('message:new', ({ data }) => client.seqs.add(data.seq ?? data.message?.seq));
  socket.on('server:draining', () => (client.drained += 1));
  socket.on('connect_error', (error) => client.errors.push(error.message));
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') setTimeout(() => socket.connect(), 500);
  });
  return client;
}

/** The server that a client is on: the one whose number of sockets went up as it came. */
async function placeOf(servers, client) {
  const before = await Promise.all(servers.map(openSockets));
  client.socket.connect();
  await until(`${client.userId} is connected`, () => client.socket.connected);
  return until(`the place of ${client.userId}`, async () => {
    const after = await Promise.all(servers.map(openSockets));
    return servers.find((_, index) => after[index] > before[index]);
  });
}

async function openSockets({ port, child }) {
  if (child.exitCode !== null || child.signalCode !== null) return 0;
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  return Number(/^parley_open_sockets (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Sends until it is acknowledged, with the same id each time: what a client with an outbox does. */
async function send(client, conversationId, content, acknowledged) {
  const message = { conversationId, content, clientMessageId: randomUUID() };
  const answer = await until(`an answer for ${client.userId}`, async () => {
    const got = await client.socket.timeout(3_000).emitWithAck('sendMessage', message);
    return got.success && got;
  });
  acknowledged.set(message.clientMessageId, answer.data.seq);
}

async function run() {
  say('starting a database, Redis, three servers and the load balancer');
  const database = await openEmbeddedDatabase({ dataDir: join(folder, 'data'), lingerMs: 0 });
  const redisPort = await freePort();
  const redisArgs = ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  start('redis-server', 'redis-server', redisArgs);
  const backing = { mongoUri: database.uri, redisPort };
  const servers = [];
  for (const name of ['s1', 's2', 's3']) servers.push({ name, port: await freePort() });
  try {
    await Promise.all(servers.map((server) => startServer(server, backing)));
    const [port, statsPort] = [await freePort(), await freePort()];
    start('haproxy', 'haproxy', ['-db', '-f', join(ROOT, 'deploy/haproxy/haproxy.cfg')], {
      BIND: `127.0.0.1:${port}`,
      STATS_BIND: `127.0.0.1:${statsPort}`,
      MAXCONN: '1000',
      ...Object.fromEntries(
        servers.map((server, index) => [`SERVER_${index + 1}`, `127.0.0.1:${server.port}`]),
      ),
    });
    const url = `http://127.0.0.1:${port}`;
    await until('the load balancer answers', () => isUp(`${url}/health/ready`));
    await tryEverything({ url, statsPort, servers, backing });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await database.release();
  }
}

async function tryEverything({ url, statsPort, servers, backing }) {
  must((await fetch(`${url}/metrics`)).status === 404, 'no way to the metrics through the load balancer');
  must((await fetch(`${url}//METRICS/`)).status === 404, 'nor by another spelling');
  must((await fetch(`http://127.0.0.1:${servers[0].port}/metrics`)).status === 401, 'nor without the token');
  must(await isUp(`http://127.0.0.1:${statsPort}/metrics`), "the load balancer's own metrics");
  say('/metrics: 404 through the load balancer, 401 without the token');

  const clients = {
    websocket: connect(url, 'alice', { transports: ['websocket'], autoConnect: false }),
    polling: connect(url, 'bob', { transports: ['polling'], autoConnect: false }),
    'polling, then websocket': connect(url, 'dave', { autoConnect: false }),
  };
  for (const [kind, client] of Object.entries(clients)) {
    client.server = await placeOf(servers, client);
    if (kind.endsWith('then websocket')) {
      await until('the upgrade', () => client.socket.io.engine.transport.name === 'websocket');
    }
    say(`${client.userId} (${kind}) is connected, on ${client.server.name}`);
  }
  const { websocket: alice, polling: bob } = clients;
  // The hash of the address would send carol to bob's server, too: that she is elsewhere is the cookie's doing.
  const elsewhere = servers.find((server) => server !== bob.server);
  const extraHeaders = { cookie: `PARLEY_SERVER=${elsewhere.name}` };
  const carol = connect(url, 'carol', { transports: ['polling'], extraHeaders, autoConnect: false });
  clients['polling with a cookie'] = carol;
  carol.server = await placeOf(servers, carol);
  must(carol.server === elsewhere, 'the cookie decides');
  say(`carol (polling with the cookie of ${elsewhere.name}) is connected, on ${carol.server.name}`);
  const answer = await alice.socket.timeout(5_000).emitWithAck('getOrCreateDirect', { otherUserId: 'bob' });
  const conversationId = answer.data.conversation._id;
  const acknowledged = new Map();
  for (let count = 0; count < 50; count += 1) {
    await send(count % 2 === 0 ? alice : bob, conversationId, `message ${count}`, acknowledged);
  }
  must(bob.errors.length === 0 && carol.errors.length === 0, 'no polling request missed its server');
  say(
    '50 messages between alice (websocket) and bob (polling): each acknowledged, no request missed its server',
  );

  await lose(servers, clients, { victim: bob.server, signal: 'SIGKILL', conversationId, acknowledged });
  await startServer(bob.server, backing);
  say(`${bob.server.name} is back`);
  await until('the load balancer sees it', async () => (await upServers(statsPort)) === 3);
  await lose(servers, clients, {
    victim: await currentServer(servers),
    signal: 'SIGTERM',
    conversationId,
    acknowledged,
  });

  await checkHistory(url, conversationId, acknowledged);
  for (const { socket } of Object.values(clients)) socket.disconnect();
}

async function upServers(statsPort) {
  const text = await (await fetch(`http://127.0.0.1:${statsPort}/metrics`)).text();
  return [...text.matchAll(/^haproxy_server_status\{proxy="sessions",server="s\d",state="UP"\} 1$/gm)].length;
}

/** A living server with the most sockets. */
async function currentServer(servers) {
  const counts = await Promise.all(servers.map(openSockets));
  return servers[counts.indexOf(Math.max(...counts))];
}

/** Takes a server away while everybody sends; everybody has to be back, on another one. */
async function lose(servers, clients, { victim, signal, conversationId, acknowledged }) {
  const all = Object.values(clients);
  const lost = new Map();
  for (const client of all) {
    client.socket.once('disconnect', (reason) => lost.set(client, { reason, atMs: performance.now() }));
  }
  const drainedBefore = all.map(({ drained }) => drained);
  const exited = once(victim.child, 'exit');
  victim.child.kill(signal);
  const killedMs = performance.now();
  const { alice, bob } = { alice: clients.websocket, bob: clients.polling };
  const sending = Promise.all(
    Array.from({ length: 20 }, (_, count) =>
      send(count % 2 === 0 ? alice : bob, conversationId, `${signal} ${count}`, acknowledged),
    ),
  );
  await exited;
  say(`${victim.name} is gone (${signal}), ${Math.round(performance.now() - killedMs)} ms after the signal`);
  await sending;
  const others = servers.filter((server) => server !== victim);
  await until('everybody is back on another server', async () => {
    const counts = await Promise.all(others.map(openSockets));
    return all.every(({ socket }) => socket.connected) && counts.reduce((a, b) => a + b, 0) === all.length;
  });
  must(lost.size > 0, 'somebody was on it');
  const names = all.map((client) => {
    const told = client.drained > (drainedBefore[all.indexOf(client)] ?? 0) ? ', told beforehand' : '';
    return `${client.userId} ${lost.has(client) ? `lost it (${lost.get(client).reason}${told})` : 'noticed nothing'}`;
  });
  say(`all are connected to the others, 20 messages sent meanwhile are acknowledged: ${names.join('; ')}`);
  say(
    `everybody was back ${((performance.now() - killedMs) / 1_000).toFixed(1)} s after the signal at the latest`,
  );
}

async function checkHistory(url, conversationId, acknowledged) {
  const token = jwt.sign({ sub: 'alice' }, JWT_SECRET, { expiresIn: '1h' });
  const headers = { authorization: `Bearer ${token}` };
  const page = await (
    await fetch(`${url}/api/conversations/${conversationId}/messages?limit=200`, { headers })
  ).json();
  const { messages } = page.data;
  must(
    messages.every(({ seq }, index) => seq === index + 1),
    'places without a gap',
  );
  must(messages.length === acknowledged.size, 'what was acknowledged is stored, once');
  must(
    messages.every(({ seq, clientMessageId }) => acknowledged.get(clientMessageId) === seq),
    'each at the place that was acknowledged',
  );
  say(`history: ${messages.length} messages, each acknowledged one at its place, none twice, no gap`);
}

let code = 0;
try {
  await run();
  say('everything held');
} catch (error) {
  console.error(error);
  code = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}
// Clients that were left would go on looking for their servers.
process.exit(code);
