/**
 * A process with one SDK client and a storage in files, commanded over IPC: the app of a phone, which can be killed at any
 * moment. `clientProcess.ts` bundles and starts it.
 */
import type { ParleyEvents } from '../../../packages/client/src/api/events.js';
import { createParleyClient, ParleyError, type ParleyClient } from '../../../packages/client/src/index.js';
import { fileStorage } from './fileStorage.js';
import { observedStorage, type StorageStep } from './observedStorage.js';
import { TestLifecycle } from './testLifecycle.js';

/** A step of the storage. */
export type KillStep = Pick<StorageStep, 'number' | 'moment'>;

/** First message to the process. */
export interface HostSetup {
  url: string;
  userId: string;
  token: string;
  folder: string;
  /** Ends the process by SIGKILL at this step of its storage, counted from its start. */
  killAt?: KillStep | undefined;
  /** Error of the device's clock, in ms. */
  clockOffByMs?: number | undefined;
}

/** Commands, with their arguments and results. */
export interface HostCommands {
  /** Ends the process by SIGKILL at this step of its storage, counted from now. */
  killAt: { args: [step: KillStep]; result: true };
  connect: { args: []; result: true };
  disconnect: { args: []; result: true };
  open: { args: [conversationId: string]; result: true };
  send: { args: [conversationId: string, text: string]; result: { clientMessageId: string } };
  edit: { args: [conversationId: string, seq: number, text: string]; result: true };
  delete: { args: [conversationId: string, seq: number]; result: true };
  markRead: { args: [conversationId: string, seq: number]; result: true };
  foreground: { args: [isForeground: boolean]; result: true };
  view: { args: [conversationId: string]; result: HostView };
}

/** Content of the device as its user sees it. */
export interface HostView {
  status: string;
  messages: { seq: number; clientMessageId: string; content: string; editedAt?: string | undefined }[];
  pending: { clientMessageId: string; content: string; status: string }[];
  unreadCount: number;
  violations: ParleyEvents['violation'][];
  failures: string[];
}

export interface HostRequest {
  id: number;
  name: keyof HostCommands;
  args: unknown[];
}

/** Messages of the process: answers, and what it reports by itself. `persisted`: a message is safe on the device. */
export type HostReport =
  | { kind: 'ready' }
  | { kind: 'answer'; id: number; result?: unknown; error?: string }
  | { kind: 'persisted'; clientMessageId: string }
  | { kind: 'step'; step: StorageStep };

const report = (message: HostReport): void => {
  process.send?.(message);
};

function start({ url, userId, token, folder, killAt, clockOffByMs = 0 }: HostSetup): void {
  if (clockOffByMs !== 0) shiftClock(clockOffByMs);
  const lifecycle = new TestLifecycle();
  let steps = 0;
  let last = killAt;
  const storage = observedStorage(fileStorage(folder), (step) => {
    steps = step.number;
    if (step.number === last?.number && step.moment === last.moment) process.kill(process.pid, 'SIGKILL');
    report({ kind: 'step', step });
    return undefined;
  });
  const setKillStep = ({ number, moment }: KillStep): void => {
    last = { number: steps + number, moment };
  };
  const client = createParleyClient({
    url,
    userId,
    storage,
    lifecycle,
    getToken: () => Promise.resolve(token),
  });
  const violations: HostView['violations'] = [];
  const failures: string[] = [];
  client.on('violation', (violation) => violations.push(violation));
  client.on('messageFailed', ({ error }) => failures.push(error.code));
  const run = commandsOf(client, { lifecycle, violations, failures, setKillStep });
  process.on('message', ({ id, name, args }: HostRequest) => {
    run(name, args).then(
      (result) => report({ kind: 'answer', id, result }),
      (error: unknown) => {
        report({ kind: 'answer', id, error: error instanceof ParleyError ? error.code : String(error) });
      },
    );
  });
  report({ kind: 'ready' });
}

type Handlers = {
  [Name in keyof HostCommands]: (
    ...args: HostCommands[Name]['args']
  ) => HostCommands[Name]['result'] | Promise<HostCommands[Name]['result']>;
};

function commandsOf(
  client: ParleyClient,
  parts: Pick<HostView, 'violations' | 'failures'> & {
    lifecycle: TestLifecycle;
    setKillStep: (step: KillStep) => void;
  },
): (name: keyof HostCommands, args: unknown[]) => Promise<unknown> {
  const done = async (work: Promise<unknown>): Promise<true> => {
    await work;
    return true;
  };
  const handlers: Handlers = {
    killAt: (step) => {
      parts.setKillStep(step);
      return true;
    },
    connect: () => done(client.connect()),
    disconnect: () => done(client.disconnect()),
    open: (id) => done(client.conversation(id).open()),
    send: (id, text) => {
      const { clientMessageId, persisted } = client.conversation(id).sendMessage({ text });
      void persisted.then(() => report({ kind: 'persisted', clientMessageId }));
      return { clientMessageId };
    },
    edit: (id, seq, text) => done(client.conversation(id).edit(seq, text)),
    delete: (id, seq) => done(client.conversation(id).delete(seq, 'everyone')),
    markRead: (id, seq) => {
      client.conversation(id).markRead(seq);
      return true;
    },
    foreground: (isForeground) => {
      parts.lifecycle.setForeground(isForeground);
      return true;
    },
    view: (id) => viewOf(client, id, parts),
  };
  // The argument types belong to the name; a request names both.
  return async (name, args) => await (handlers[name] as (...args: unknown[]) => unknown)(...args);
}

function viewOf(
  client: ParleyClient,
  conversationId: string,
  { violations, failures }: Pick<HostView, 'violations' | 'failures'>,
): HostView {
  const { messages, pending } = client.conversation(conversationId).messages.getSnapshot();
  return {
    status: client.connectionState.getSnapshot().status,
    messages: messages.map(({ seq, clientMessageId, content, editedAt }) => ({
      seq,
      clientMessageId,
      content,
      ...(editedAt !== undefined && { editedAt }),
    })),
    pending: pending.map(({ clientMessageId, content, status }) => ({ clientMessageId, content, status })),
    unreadCount: client.unreadCount.getSnapshot(),
    violations,
    failures,
  };
}

/** Moves the clock of this process. Timers are not affected: they are monotonic. */
function shiftClock(byMs: number): void {
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[]) =>
      Reflect.construct(target, args.length === 0 ? [RealDate.now() + byMs] : args) as Date,
    get: (target, key) =>
      key === 'now' ? () => RealDate.now() + byMs : (Reflect.get(target, key) as unknown),
  });
}

process.once('message', (setup: HostSetup) => start(setup));
// Its parent is gone: nobody will command it any more.
process.once('disconnect', () => process.exit());
