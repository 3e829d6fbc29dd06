import * as fc from 'fast-check';
import type { Message } from '../../../packages/client/src/index.js';
import { isAnswer, isCommand } from '../support/scene.js';
import type { Treatment } from '../support/socketProxy.js';
import type { Phone } from './phone.js';
import { CONVERSATIONS, PHONES, type World } from './world.js';

/** The state of the model: which apps run. Everything else is compared with the server at the end. */
export interface Model {
  running: boolean[];
}

type Step = fc.AsyncCommand<Model, World>;

const phones = fc.nat(PHONES.length - 1);
const conversations = fc.nat(CONVERSATIONS.length - 1);
/** Selects a message; the same share selects the newest of few and of many. */
const picks = fc.nat(2);

interface Deed {
  phone: number;
  /** Describes the command in a counterexample. */
  text: string;
  run: (phone: Phone, world: World) => unknown;
  /** Whether the app must run. Default: true. */
  needsApp?: boolean;
}

/** A command on one phone. Its result is not awaited unless `run` returns a promise. */
class OnPhone implements Step {
  constructor(readonly deed: Deed) {}

  check({ running }: Readonly<Model>): boolean {
    return this.deed.needsApp === false || running[this.deed.phone] === true;
  }

  async run(model: Model, world: World): Promise<void> {
    const phone = world.phone(this.deed.phone);
    await this.deed.run(phone, world);
    model.running[this.deed.phone] = phone.isRunning;
  }

  toString(): string {
    return `${PHONES[this.deed.phone] ?? ''}: ${this.deed.text}`;
  }
}

class OnServer implements Step {
  constructor(
    readonly text: string,
    readonly act: (world: World) => Promise<void>,
  ) {}

  check(): boolean {
    return true;
  }

  async run(_model: Model, world: World): Promise<void> {
    await this.act(world);
  }

  toString(): string {
    return this.text;
  }
}

/** Returns one of the newest messages that the phone shows. */
function pick(phone: Phone, conversationId: string, back: number): Message | undefined {
  const messages =
    phone.device?.messages(conversationId).messages.filter(({ kind }) => kind === 'text') ?? [];
  return messages[messages.length - 1 - back];
}

/** Runs a command that may be refused or lost: while offline, for a message of another user, or after a deletion. */
function attempt(work: Promise<unknown> | undefined): void {
  void work?.catch(() => undefined);
}

const sends = fc.tuple(phones, conversations, fc.integer({ min: 1, max: 3 })).map(
  ([phone, where, count]) =>
    new OnPhone({
      phone,
      text: `writes ${count} to the ${CONVERSATIONS[where] ?? ''}`,
      run: (one, world) => {
        for (let index = 0; index < count; index += 1)
          one.write(world.conversationId(where), world.newText(one));
      },
    }),
);

/** Actions on a message that may be refused. */
const ACTIONS: Record<string, (phone: Phone, message: Message) => Promise<unknown> | undefined> = {
  edits: ({ device }, { conversationId, seq }) =>
    device?.client.conversation(conversationId).edit(seq, `edited ${seq}`),
  deletes: ({ device }, { conversationId, seq }) =>
    device?.client.conversation(conversationId).delete(seq, 'everyone'),
  hides: ({ device }, { conversationId, seq }) =>
    device?.client.conversation(conversationId).delete(seq, 'me'),
  likes: ({ device }, { conversationId, seq }) =>
    device?.client.conversation(conversationId).react(seq, '👍'),
  'likes no more': ({ device }, { conversationId, seq }) =>
    device?.client.conversation(conversationId).react(seq, '👍', false),
};

const actions = fc.tuple(phones, conversations, picks, fc.constantFrom(...Object.keys(ACTIONS))).map(
  ([phone, where, back, name]) =>
    new OnPhone({
      phone,
      text: `${name} the newest but ${back} of the ${CONVERSATIONS[where] ?? ''}`,
      run: (one, world) => {
        const message = pick(one, world.conversationId(where), back);
        if (message !== undefined) attempt(ACTIONS[name]?.(one, message));
      },
    }),
);

const reads = fc.tuple(phones, conversations).map(
  ([phone, where]) =>
    new OnPhone({
      phone,
      text: `reads the ${CONVERSATIONS[where] ?? ''}`,
      run: (one, world) => {
        const conversationId = world.conversationId(where);
        const newest = pick(one, conversationId, 0);
        if (newest !== undefined) one.device?.client.conversation(conversationId).markRead(newest.seq);
      },
    }),
);

/** Things that happen to a phone. */
const EVENTS: Record<string, Omit<Deed, 'phone' | 'text'>> = {
  'loses the network': {
    run: (phone) => {
      phone.network = 'down';
    },
  },
  'has a network that answers nothing': {
    run: (phone) => {
      phone.network = 'silent';
    },
  },
  'has the network again': {
    run: (phone) => {
      phone.network = 'up';
    },
  },
  'switches the network': {
    run: ({ device }) => {
      // Connections over the former network never end, and never answer.
      device?.proxy.stall();
      device?.lifecycle.changeNetwork(true);
    },
  },
  'goes to the background and back': {
    run: ({ device }) => {
      device?.lifecycle.setForeground(false);
      device?.lifecycle.setForeground(true);
    },
  },
  'is killed': { run: (phone) => phone.kill() },
  'quits the app': { run: (phone) => phone.quit() },
  'starts the app': { run: (phone, world) => phone.launch(world.conversationIds), needsApp: false },
};

const events = fc
  .tuple(phones, fc.constantFrom(...Object.keys(EVENTS)))
  .map(([phone, name]) => new OnPhone({ phone, text: name, run: () => undefined, ...EVENTS[name] }));

/** Steps of the next send at which the connection is lost. */
const LOSSES: Record<string, [fits: typeof isCommand, treatment: Treatment]> = {
  'before it arrives': [isCommand, 'cut'],
  'after it arrived': [isCommand, 'deliverAndCut'],
  'with its acknowledgement': [isAnswer, 'cut'],
  'after its acknowledgement': [isAnswer, 'deliverAndCut'],
};

const losses = fc.tuple(phones, fc.constantFrom(...Object.keys(LOSSES))).map(
  ([phone, when]) =>
    new OnPhone({
      phone,
      text: `will lose the connection at its next send, ${when}`,
      run: ({ device }) => {
        const [fits, treatment] = LOSSES[when] ?? [isCommand, 'cut'];
        void device?.proxy.next(fits('sendMessage'), treatment);
      },
    }),
);

const breaths = fc.constant(new OnServer('a moment passes', (world) => world.breathe()));
const restarts = fc.constant(new OnServer('the server restarts', (world) => world.restartServer()));

/** All commands; those that are named more often occur more often. */
export const COMMANDS: fc.Arbitrary<Step>[] = [
  ...[sends, sends, sends],
  ...[actions, actions],
  reads,
  ...[events, events, events],
  losses,
  ...[breaths, breaths, breaths],
  restarts,
];
