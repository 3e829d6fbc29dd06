import type { Scope } from '../../../../contract/index.js';
import type { ApiKeyModel, ApiKeyRecord } from '../../models/apiKeyModel.js';
import { isSecretOf, parseApiKeyText } from '../../utils/apiKeyText.js';
import { AppError } from '../../utils/appError.js';
import { sleep } from '../../utils/clock.js';
import { ChangePoll, type DatabaseTime, type Look } from '../runtime/index.js';

interface DirectoryDeps {
  apiKeys: ApiKeyModel;
  time: DatabaseTime;
}

/** Authenticated caller of the server-side API. */
export interface KeyPrincipal {
  keyId: string;
  /** Keys of one name replace each other and share their idempotency keys. */
  name: string;
  scopes: readonly Scope[];
}

/**
 * Pause before the keys are read for an unknown one, in ms. All unknown keys of that time share the query, so guessing keys
 * costs the database ten small queries a second at most.
 */
const UNKNOWN_PAUSE_MS = 100;

const refused = (): AppError => new AppError('UNAUTHENTICATED', 'The API key is not valid.');

/**
 * Holds all API keys in memory: there are few. Changes made by any process, the script among them, are read within a
 * second. After a pause of the process no key is accepted until they have been read.
 */
export class ApiKeyDirectory {
  readonly #deps: DirectoryDeps;
  readonly #keys = new Map<string, ApiKeyRecord>();
  readonly #poll: ChangePoll<ApiKeyRecord>;
  #looking: Promise<void> | undefined;

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
    this.#poll = new ChangePoll({
      time: deps.time,
      markOf: (marks) => marks.apiKeys,
      find: (since) => deps.apiKeys.findChangedSince(since),
      learn: (keys) => {
        for (const key of keys) this.#learn(key);
      },
      refusal: 'The API key cannot be checked: the database does not answer.',
    });
  }

  async start(): Promise<void> {
    await this.#poll.start();
    for (const key of await this.#deps.apiKeys.findAll()) this.#learn(key);
  }

  /** Handles a look at the marks of changes. */
  noteLook(look: Look): void {
    this.#poll.noteLook(look);
  }

  /**
   * Returns the caller that a key stands for. A key that is not known here may have been created a moment ago, so the
   * database is asked once.
   *
   * @throws AppError `UNAUTHENTICATED`; `UNAVAILABLE` for an unknown key while the database does not answer.
   */
  async verify(text: string): Promise<KeyPrincipal> {
    const parsed = parseApiKeyText(text);
    if (parsed === undefined) {
      throw new AppError(
        'UNAUTHENTICATED',
        'Send Authorization: Bearer <API key>. User tokens are refused here.',
      );
    }
    if (!this.#keys.has(parsed.id)) await this.#lookUp();
    const key = this.#keys.get(parsed.id);
    if (key === undefined || !isSecretOf(parsed.secret, key.hash)) throw refused();
    return { keyId: key._id, name: key.name, scopes: key.scopes };
  }

  /**
   * Checks that a key is neither revoked nor expired, by data that is at most a second old.
   *
   * @throws AppError `UNAUTHENTICATED`, `UNAVAILABLE`.
   */
  async requireValid(keyId: string): Promise<void> {
    await this.#poll.ensureFresh();
    const key = this.#keys.get(keyId);
    if (key === undefined || key.revokedAt !== undefined) {
      throw new AppError('UNAUTHENTICATED', 'The API key was revoked.');
    }
    if (key.expiresAt !== undefined && key.expiresAt <= this.#deps.time.now()) {
      throw new AppError('UNAUTHENTICATED', 'The API key has expired: it was rotated.');
    }
  }

  #learn(key: ApiKeyRecord): void {
    const known = this.#keys.get(key._id);
    if (known === undefined || known.changedAt <= key.changedAt) this.#keys.set(key._id, key);
  }

  #lookUp(): Promise<void> {
    this.#looking ??= sleep(UNKNOWN_PAUSE_MS)
      .then(() => this.#poll.refresh())
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }
}
