import type { AttachmentCommands } from './attachments.js';
import type { ChangeCommands } from './changes.js';
import type { ConversationCommands } from './conversations.js';
import type { DeviceCommands } from './devices.js';
import type { GroupCommands } from './groups.js';
import type { MessageCommands } from './messages.js';
import type { ReceiptCommands, SettingsCommands } from './receipts.js';
import type { SafetyCommands } from './safety.js';
import type { SessionCommands } from './session.js';
import type { UserCommands } from './users.js';

/** All commands: what a client sends, and what the server answers on success. Errors and limits: `docs/events.md`. */
export interface CommandMap
  extends
    AttachmentCommands,
    ChangeCommands,
    ConversationCommands,
    DeviceCommands,
    GroupCommands,
    MessageCommands,
    ReceiptCommands,
    SafetyCommands,
    SessionCommands,
    SettingsCommands,
    UserCommands {}

export type CommandName = keyof CommandMap;
/** Payload as a client sends it. The server trims texts and converts times to UTC. */
export type CommandPayload<Name extends CommandName> = CommandMap[Name]['payload'];
/** Data of a successful answer. */
export type CommandData<Name extends CommandName> = CommandMap[Name]['data'];
