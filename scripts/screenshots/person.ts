import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import type { Answer, CommandData, CommandName, UploadView } from '../../contract/index.js';

export interface SentFile {
  kind: 'image' | 'voice' | 'file';
  fileName: string;
  mimeType: string;
  bytes: Buffer<ArrayBuffer>;
  durationMs?: number;
  waveform?: number[];
}

/** A demo user who is connected, and does what is shown. */
export class Person {
  readonly #socket: Socket;
  readonly #url: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#socket = io(url, { auth: { token }, transports: ['websocket'] });
  }

  close(): void {
    this.#socket.disconnect();
  }

  async do<Name extends CommandName>(name: Name, payload: object): Promise<CommandData<Name>> {
    // The type of the answer follows from the command.
    const answer = (await this.#socket.emitWithAck(name, payload)) as Answer<CommandData<Name>>;
    if (!answer.success) throw new Error(`${name}: ${answer.code} ${answer.error}`);
    return answer.data;
  }

  async openDirect(otherUserId: string): Promise<string> {
    return (await this.do('getOrCreateDirect', { otherUserId })).conversation._id;
  }

  /** Sends a message. @returns its `seq` */
  async say(conversationId: string, content: string, more: object = {}): Promise<number> {
    const payload = { conversationId, content, clientMessageId: randomUUID(), ...more };
    return (await this.do('sendMessage', payload)).seq;
  }

  /** Uploads files and sends them in one message. @returns its `seq` */
  async sendFiles(conversationId: string, content: string, files: readonly SentFile[]): Promise<number> {
    const attachments: { attachmentId: string }[] = [];
    for (const file of files) attachments.push({ attachmentId: await this.#upload(file) });
    return this.say(conversationId, content, { attachments });
  }

  async #upload({ bytes, ...file }: SentFile): Promise<string> {
    const { attachment, upload } = await this.do('createAttachment', { ...file, sizeBytes: bytes.length });
    await this.#put(upload, bytes);
    const done = await this.do('completeAttachment', { attachmentId: attachment._id });
    if (done.attachment.status !== 'ready') throw new Error(`${file.fileName} is ${done.attachment.status}`);
    return attachment._id;
  }

  async #put(upload: UploadView | undefined, bytes: Buffer<ArrayBuffer>): Promise<void> {
    if (upload?.url === undefined) throw new Error('The file is too large for one request.');
    const request = { method: 'PUT', headers: upload.headers ?? {}, body: bytes };
    const { ok, status } = await fetch(new URL(upload.url, this.#url), request);
    if (!ok) throw new Error(`The store answered ${status}.`);
  }
}
