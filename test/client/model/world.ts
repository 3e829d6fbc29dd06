import type { TestClient } from '../../support/client.js';
import { startServer, type TestServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { Phone } from './phone.js';

/** Two phones of Alice and one of Bob. */
export const PHONES = ['alice-1', 'alice-2', 'bob-1'] as const;
/** Their direct conversation, and a group that they are in. */
export const CONVERSATIONS = ['direct', 'group'] as const;

/** A guard against hanging, not a promise about speed. */
const SETTLED_WITHIN_MS = 30_000;
const PAGE = 200;

/** A server that runs of the property share; it may be replaced by another process of the same database. */
export class ServerSlot implements AsyncDisposable {
  private constructor(public current: TestServer) {}

  static async start(): Promise<ServerSlot> {
    return new ServerSlot(await startServer());
  }

  async restart(): Promise<void> {
    const { databaseName } = this.current;
    await this.current[Symbol.asyncDispose]();
    this.current = await startServer({ databaseName });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.current[Symbol.asyncDispose]();
  }
}

/** The subject of one run of the property: new users, their phones and conversations. Use with `await using`. */
export class World implements AsyncDisposable {
  readonly phones: readonly Phone[];
  #texts = 0;

  private constructor(
    readonly slot: ServerSlot,
    readonly users: { alice: string; bob: string },
    readonly conversationIds: readonly string[],
  ) {
    this.phones = PHONES.map(
      (name) => new Phone(name, name.startsWith('alice') ? users.alice : users.bob, slot.current.url),
    );
  }

  static async create(slot: ServerSlot, tag: string): Promise<World> {
    const users = { alice: `alice-${tag}`, bob: `bob-${tag}` };
    await using bob = await slot.current.connectAs(users.bob);
    const direct = await bob.open(users.alice);
    const group = await bob.ok('createGroup', { name: 'Group', participants: [users.alice], history: 'all' });
    const world = new World(slot, users, [direct, group.conversation._id]);
    await Promise.all(world.phones.map((phone) => phone.launch(world.conversationIds)));
    return world;
  }

  phone(index: number): Phone {
    const phone = this.phones[index];
    if (phone === undefined) throw new Error(`there is no phone ${index}`);
    return phone;
  }

  conversationId(index: number): string {
    const id = this.conversationIds[index];
    if (id === undefined) throw new Error(`there is no conversation ${index}`);
    return id;
  }

  newText(phone: Phone): string {
    this.#texts += 1;
    return `${phone.name} ${this.#texts}`;
  }

  async restartServer(): Promise<void> {
    await this.slot.restart();
    for (const phone of this.phones) phone.useServer(this.slot.current.url);
  }

  /** Resolves after a command over a connection of its own: whatever was on its way had time to arrive. */
  async breathe(): Promise<void> {
    await using client = await this.slot.current.connectAs(this.users.bob);
    await client.ok('getConversations', { limit: 1 });
  }

  /** Brings every phone back, and resolves when each shows what the server has. @throws when one does not */
  async settle(): Promise<void> {
    for (const phone of this.phones) {
      await phone.launch(this.conversationIds);
      phone.network = 'up';
      phone.device?.lifecycle.setForeground(true);
      if (phone.device !== undefined) phone.device.proxy.judge = () => 'pass';
    }
    await Promise.all(this.phones.map((phone) => this.#settled(phone)));
    await this.#checkOrder();
    const faults = this.phones.flatMap((phone) => phone.allFaults());
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.phones.map((phone) => phone.quit()));
  }

  async #settled(phone: Phone): Promise<void> {
    let [server, shown] = ['', ''];
    await until(
      async () => {
        await loadAll(phone, this.conversationIds);
        server = JSON.stringify(await this.#history(phone.userId), null, 1);
        shown = JSON.stringify(viewOf(phone, this.conversationIds), null, 1);
        return server === shown;
      },
      { what: phone.name, timeoutMs: SETTLED_WITHIN_MS, everyMs: 50 },
    ).catch(() => {
      throw new Error(`${phone.name} shows\n${shown}\nand the server has\n${server}`);
    });
  }

  /** The server's history as one user sees it. */
  async #history(userId: string): Promise<View[]> {
    await using client = await this.slot.current.connectAs(userId);
    return await Promise.all(this.conversationIds.map((id) => serverView(client, id)));
  }

  /** Every safe message is stored once, no other more than once, and those of one phone in the order of writing. */
  async #checkOrder(): Promise<void> {
    const { model } = this.slot.current.app.models.messages;
    for (const [index, conversationId] of this.conversationIds.entries()) {
      // From the database: users may have hidden messages from themselves.
      const stored = await model.find({ conversationId }, { seq: 1, clientMessageId: 1 }).lean();
      for (const { name, written } of this.phones) {
        const seqs = written
          .filter((one) => one.conversationId === conversationId)
          .flatMap(({ clientMessageId, text, isSafe }) => {
            const found = stored.filter((one) => one.clientMessageId === clientMessageId);
            if (found.length > 1 || (isSafe && found.length === 0))
              throw new Error(`"${text}" is stored ${found.length} times`);
            return found.map(({ seq }) => seq);
          });
        if (seqs.some((seq, place) => seq <= (seqs[place - 1] ?? 0)))
          throw new Error(
            `${name} wrote to ${CONVERSATIONS[index] ?? ''} in the order of seq ${seqs.join(', ')}`,
          );
      }
    }
  }
}

/** A conversation as one user sees it; compared as text. */
interface View {
  lastSeq: number;
  unread: number;
  messages: {
    seq: number;
    id: string;
    text: string;
    status: string;
    edited: boolean;
    deleted: boolean;
    reactions: string[];
  }[];
  pending: string[];
}

interface Shown {
  seq: number;
  senderId: string;
  clientMessageId: string;
  content: string;
  status: string;
  editedAt?: string | undefined;
  deletedAt?: string | undefined;
  reactions: readonly { emoji: string; count: number; own: boolean }[];
}

/** A message as its viewer sees it: only own ones show a status. */
const toLine = (message: Shown, viewerId: string): View['messages'][number] => ({
  seq: message.seq,
  id: message.clientMessageId,
  text: message.content,
  status: message.senderId === viewerId ? message.status : '',
  edited: message.editedAt !== undefined,
  deleted: message.deletedAt !== undefined,
  reactions: message.reactions.map(({ emoji, count, own }) => `${emoji} ${count} ${own}`).sort(),
});

async function serverView(client: TestClient, conversationId: string): Promise<View> {
  const { conversation } = await client.ok('getConversation', { conversationId });
  const { messages, hasMore } = await client.ok('getMessages', { conversationId, limit: PAGE });
  if (hasMore) throw new Error('A run writes less than a page.');
  return {
    lastSeq: conversation.lastSeq,
    unread: conversation.unreadCount,
    messages: messages.flatMap((entry) => (entry.kind === 'hidden' ? [] : [toLine(entry, client.userId)])),
    pending: [],
  };
}

async function loadAll({ device }: Phone, conversationIds: readonly string[]): Promise<void> {
  for (const id of conversationIds) {
    const handle = device?.client.conversation(id);
    if (handle?.messages.getSnapshot().hasOlder === true) await handle.loadOlder();
  }
}

function viewOf({ device, userId }: Phone, conversationIds: readonly string[]): View[] {
  if (device === undefined) return [];
  return conversationIds.map((id) => {
    const { conversation, messages, pending } = device.messages(id);
    return {
      lastSeq: conversation?.lastSeq ?? 0,
      unread: conversation?.unreadCount ?? 0,
      messages: messages.map((message) => toLine(message, userId)),
      pending: pending.map(({ content }) => content),
    };
  });
}
