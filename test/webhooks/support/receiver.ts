import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { until } from '../../support/until.js';

const body = z.object({ type: z.string(), timestamp: z.string(), data: z.looseObject({}) });

/** A delivery whose signature was checked by the library. */
export interface Delivery {
  id: string;
  /** Seconds since 1970, of the attempt. */
  sentAtS: number;
  signatures: string[];
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
  path: string;
}

/** Writes the answer to a delivery. */
export type Answer = (delivery: Delivery, response: ServerResponse) => void;

export const accept: Answer = (_delivery, response) => void response.writeHead(204).end();
export const answerWith =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_delivery, response) =>
    void response.writeHead(status, headers).end();

const seqOf = z.object({ message: z.object({ seq: z.number(), conversationId: z.string() }) });
/** Returns conversation and `seq` of a delivery about a message. */
export const messageOf = ({ data }: Delivery) => seqOf.parse(data).message;

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

/** The app's backend: a server that verifies deliveries with the library, keeps them and answers as told. */
export class Receiver implements AsyncDisposable {
  /** Every attempt with a valid signature, in the order of arrival. */
  readonly attempts: Delivery[] = [];
  /** Deliveries that were answered with 2xx. */
  readonly accepted: Delivery[] = [];
  /** Attempts with a signature that no known secret explains. */
  readonly forged: string[] = [];
  readonly secrets: string[] = [];
  answer: Answer = accept;
  readonly #server = createServer((request, response) => void this.#receive(request, response));

  private constructor() {
    // `open` listens.
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  typed(type: string): Delivery[] {
    return this.accepted.filter((one) => one.type === type);
  }

  /** Waits until an event was accepted, and returns its first delivery. */
  async first(type: string, fits: (delivery: Delivery) => boolean = () => true): Promise<Delivery> {
    return until(() => this.typed(type).find(fits), { what: `a delivery of ${type}` });
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const isValid = this.secrets.some((secret) => {
      try {
        new Webhook(secret).verify(text, headers);
        return true;
      } catch {
        return false;
      }
    });
    if (!isValid) {
      this.forged.push(text);
      response.writeHead(401).end();
      return;
    }
    const delivery: Delivery = {
      id: headers['webhook-id'] ?? '',
      sentAtS: Number(headers['webhook-timestamp']),
      signatures: (headers['webhook-signature'] ?? '').split(' '),
      path: request.url ?? '',
      ...body.parse(JSON.parse(text)),
    };
    this.attempts.push(delivery);
    response.once('finish', () => {
      if (response.statusCode >= 200 && response.statusCode < 300) this.accepted.push(delivery);
    });
    this.answer(delivery, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
