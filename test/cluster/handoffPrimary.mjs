// Program: a primary with one worker that accepts connections and never answers them. Sends the port to its parent, which
// sends commands and gets a result for each. The worker outlives the primary by a line on standard output.
import cluster from 'node:cluster';
import { createServer } from 'node:net';
import { setImmediate } from 'node:timers';
import {
  closeUnconfirmedHandoffs,
  endChannel,
  keepRunningWithoutPrimary,
} from '../../dist/backend/src/cluster/nodeInternals/index.js';

if (cluster.isWorker) runWorker();
else runPrimary();

function runWorker() {
  createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  cluster.worker.on('disconnect', () => {
    keepRunningWithoutPrimary(cluster.worker);
    setImmediate(() => {
      console.log('still running');
      process.exit();
    });
  });
}

function runPrimary() {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const worker = cluster.fork();
  let sent = 0;
  const send = worker.process.send.bind(worker.process);
  worker.process.send = (message, ...rest) => {
    if (message.act === 'newconn') sent += 1;
    return send(message, ...rest);
  };
  let ends = 0;
  worker.on('disconnect', () => (ends += 1));
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  let isGone = () => undefined;
  closeUnconfirmedHandoffs(worker, new Promise((resolve) => (isGone = resolve)));
  worker.once('listening', ({ port }) => process.send({ port }));
  const commands = {
    pause: () => void worker.process.kill('SIGSTOP'),
    countSent: () => sent,
    countEnds: () => ends,
    countWorkers: () => Object.keys(cluster.workers).length,
    kill: async () => {
      worker.process.kill('SIGKILL');
      await exited;
    },
    // The server's primary does this with a worker that has exited.
    endChannel: () => endChannel(worker),
    closeUnconfirmed: () => isGone(),
  };
  process.on('message', async (command) => process.send({ result: await commands[command]() }));
}
