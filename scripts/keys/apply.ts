import type mongoose from 'mongoose';
import {
  createApiKeyModel,
  type ApiKeyModel,
  type ApiKeyRecord,
} from '../../backend/src/models/apiKeyModel.js';
import { createAuditModel, type AuditModel, type AuditRecord } from '../../backend/src/models/auditModel.js';
import { createChangeMarks } from '../../backend/src/models/changeMarks.js';
import { createApiKeyText } from '../../backend/src/utils/apiKeyText.js';
import { recordOperator } from './operatorAudit.js';
import type { KeyTask } from './task.js';

/** A key without its hash. */
export type ListedKey = Omit<ApiKeyRecord, 'hash' | 'changedAt'>;

/** Result of an action. `secret` is the text of a new key: it is not stored and cannot be shown again. */
export type KeyResult =
  | { kind: 'created'; key: ListedKey; secret: string; replaced?: ListedKey }
  | { kind: 'listed'; keys: ListedKey[] }
  | { kind: 'revoked'; key: ListedKey }
  | { kind: 'audited'; entries: AuditRecord[] }
  | { kind: 'missing'; id: string };

const MS_PER_HOUR = 3_600_000;

const toListed = ({ hash: _hash, changedAt: _changedAt, ...key }: ApiKeyRecord): ListedKey => key;

interface Models {
  keys: ApiKeyModel;
  audit: AuditModel;
}

async function insert(
  { keys, audit }: Models,
  { name, scopes }: Pick<ApiKeyRecord, 'name' | 'scopes'>,
): Promise<{ key: ListedKey; secret: string }> {
  const { id, text, hash } = createApiKeyText();
  const key = { _id: id, name, scopes, hash };
  await recordOperator(audit, { action: 'keys create', targets: { keyId: id } }, () => keys.insert(key));
  return { key: { _id: id, name, scopes, createdAt: new Date() }, secret: text };
}

const isUsable = ({ revokedAt, expiresAt }: ApiKeyRecord, now: Date): boolean =>
  revokedAt === undefined && (expiresAt === undefined || expiresAt > now);

/** Runs an action on the keys of a database. */
export async function applyTask(connection: mongoose.Connection, task: KeyTask): Promise<KeyResult> {
  const models = {
    keys: createApiKeyModel(connection, createChangeMarks(connection)),
    audit: createAuditModel(connection),
  };
  const { keys, audit } = models;
  switch (task.action) {
    case 'create':
      return { kind: 'created', ...(await insert(models, task)) };
    case 'list':
      return { kind: 'listed', keys: (await keys.findAll()).map(toListed) };
    case 'rotate': {
      const now = new Date();
      const old = (await keys.findAll()).find((key) => key._id === task.id && isUsable(key, now));
      if (old === undefined) return { kind: 'missing', id: task.id };
      const created = await insert(models, old);
      const expiresAt = new Date(now.getTime() + task.overlapHours * MS_PER_HOUR);
      const replaced = await recordOperator(
        audit,
        { action: 'keys rotate', targets: { keyId: task.id } },
        () => keys.expire(task.id, expiresAt),
      );
      return { kind: 'created', ...created, ...(replaced !== undefined && { replaced: toListed(replaced) }) };
    }
    case 'revoke': {
      const known = (await keys.findAll()).some((key) => key._id === task.id);
      if (!known) return { kind: 'missing', id: task.id };
      const revoked = await recordOperator(
        audit,
        { action: 'keys revoke', targets: { keyId: task.id } },
        () => keys.revoke(task.id, new Date()),
      );
      return revoked === undefined
        ? { kind: 'missing', id: task.id }
        : { kind: 'revoked', key: toListed(revoked) };
    }
    case 'audit':
      return { kind: 'audited', entries: await audit.findPage(task.limit) };
  }
}
