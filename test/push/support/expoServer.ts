import { HttpProvider, type ProviderRequest } from './httpProvider.js';
import { Recorder, type Scripted } from './recorder.js';

/** The Expo push service: tickets first, receipts later. */
export class ExpoServer implements AsyncDisposable {
  readonly recorder = new Recorder();
  /** Notifications per request. */
  readonly batches: number[] = [];
  /** Errors of receipts by device token. */
  readonly receiptErrors = new Map<string, string>();
  /** Answers the next requests as a whole. */
  readonly answers: Scripted[] = [];
  readonly #tickets = new Map<string, string>();
  #http: HttpProvider | undefined;

  static async start(): Promise<ExpoServer> {
    const expo = new ExpoServer();
    expo.#http = await HttpProvider.start((request) => expo.#respond(request));
    return expo;
  }

  env(): Record<string, string> {
    return {
      PUSH_PROVIDERS: 'expo',
      PUSH_SENDING: 'true',
      EXPO_ACCESS_TOKEN: 'expo-access',
      EXPO_URL: this.#http?.url ?? '',
      EXPO_RECEIPT_MS: '0',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http?.[Symbol.asyncDispose]();
  }

  #respond({ path, headers, body }: ProviderRequest): Scripted {
    if (headers['authorization'] !== 'Bearer expo-access') {
      return { status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] } };
    }
    const asked: unknown = JSON.parse(body.toString());
    if (path === '/--/api/v2/push/getReceipts') return this.#receipts((asked as { ids: string[] }).ids);
    const scripted = this.answers.shift();
    const messages = asked as Record<string, unknown>[];
    this.batches.push(messages.length);
    if (messages.length > 100) return { status: 400, body: { errors: [{ code: 'PUSH_TOO_MANY' }] } };
    const data = messages.map((message) => this.#ticket(message, headers, scripted));
    return scripted ?? { status: 200, body: { data } };
  }

  #ticket(
    message: Record<string, unknown>,
    headers: Record<string, string>,
    whole: Scripted | undefined,
  ): unknown {
    const token = String(message['to']);
    const error = whole === undefined ? this.recorder.next(token)?.body : undefined;
    const status = whole?.status ?? (error === undefined ? 200 : 400);
    this.recorder.note({ token, payload: message, headers, status });
    if (error !== undefined) return { status: 'error', message: 'refused', details: { error } };
    const id = `ticket-${this.#tickets.size + 1}`;
    this.#tickets.set(id, token);
    return { status: 'ok', id };
  }

  #receipts(ids: readonly string[]): Scripted {
    const data = Object.fromEntries(
      ids.map((id) => {
        const error = this.receiptErrors.get(this.#tickets.get(id) ?? '');
        return [id, error === undefined ? { status: 'ok' } : { status: 'error', details: { error } }];
      }),
    );
    return { status: 200, body: { data } };
  }
}
