import type { AuditEntryView } from '@parley/client';
import type { ActTexts } from './actTexts.js';

/** Names of endpoints, commands and scripts, as the server records them. */
const ACTS: Readonly<Record<string, keyof ActTexts>> = {
  resolveReport: 'reportClosed',
  resolveServerReport: 'reportClosed',
  'resolveReport:dismiss': 'reportDismissed',
  'resolveReport:deleteMessage': 'messageDeletedByReport',
  'resolveReport:restrictUser': 'userRestrictedByReport',
  'resolveReport:banUser': 'userBannedByReport',
  restrictUser: 'userRestricted',
  restrictServerUser: 'userRestricted',
  unrestrictUser: 'userUnrestricted',
  unrestrictServerUser: 'userUnrestricted',
  banUser: 'userBanned',
  'users ban': 'userBanned',
  unbanUser: 'userUnbanned',
  'users unban': 'userUnbanned',
  revokeUserTokens: 'userSignedOut',
  'users logout': 'userSignedOut',
  upsertUser: 'userChanged',
  upsertUsers: 'userChanged',
  deleteUser: 'userDeleted',
  issueToken: 'tokenIssued',
  openDirect: 'chatOpened',
  openGroup: 'groupCreated',
  changeConversation: 'chatChanged',
  closeConversation: 'chatClosed',
  reopenConversation: 'chatReopened',
  addServerMembers: 'membersAdded',
  removeServerMember: 'memberRemoved',
  sendServerMessage: 'messageSent',
  editServerMessage: 'messageEdited',
  deleteServerMessage: 'messageDeleted',
  addWebhook: 'webhookAdded',
  'webhooks add': 'webhookAdded',
  changeWebhook: 'webhookChanged',
  'webhooks enable': 'webhookChanged',
  'webhooks disable': 'webhookChanged',
  removeWebhook: 'webhookRemoved',
  'webhooks remove': 'webhookRemoved',
  rotateWebhookSecret: 'webhookRenewed',
  'webhooks rotate': 'webhookRenewed',
  testWebhook: 'webhookTested',
  'webhooks test': 'webhookTested',
  replayWebhook: 'webhookReplayed',
  'webhooks replay': 'webhookReplayed',
  'keys create': 'keyCreated',
  'keys rotate': 'keyRenewed',
  'keys revoke': 'keyRevoked',
};

type Act = Pick<AuditEntryView, 'action' | 'outcome'>;

/** Returns an act in words; its code, if a newer server has written it. */
export function actIn(texts: ActTexts, { action }: Act): string {
  const key = ACTS[action];
  return key === undefined ? action : texts[key];
}

/** Without an outcome, the server has ended during the act. */
export function outcomeIn(texts: ActTexts, { outcome }: Act): string {
  if (outcome === undefined) return texts.unfinished;
  return outcome === 'OK' ? texts.done : `${texts.failed} (${outcome})`;
}
