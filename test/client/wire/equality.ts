/**
 * Compile-time comparison of the client's plain interfaces (`packages/client/src/wire`) with the contract. Nothing here runs:
 * `tsc` refuses the file when a command, a push or a shape of one side differs from the other.
 */
import type { z } from 'zod';
import type * as contract from '../../../contract/index.js';
import type * as wire from '../../../packages/client/src/wire/index.js';

/** Removes brands of ids, and writes intersections and extended interfaces as one object. */
type Plain<Value> = Value extends string & z.core.$brand
  ? string
  : Value extends object
    ? { [Key in keyof Value]: Plain<Value[Key]> }
    : Value;

/** True when TypeScript treats both types as identical, including optional and readonly properties. */
type IsIdentical<Left, Right> =
  (<T>(value: T) => T extends Plain<Left> ? 1 : 2) extends <T>(value: T) => T extends Plain<Right> ? 1 : 2
    ? true
    : false;

type DifferentKey<Left, Right> = {
  [Key in keyof Left | keyof Right]: Key extends keyof Left & keyof Right
    ? IsIdentical<Left[Key], Right[Key]> extends true
      ? never
      : Key
    : Key;
}[keyof Left | keyof Right];

/** `'equal'`, or the keys whose types differ: what the compiler shows. */
type Verdict<Left, Right> = [DifferentKey<Left, Right>] extends [never]
  ? 'equal'
  : { different: DifferentKey<Left, Right> };

type Commands = typeof contract.COMMANDS;

type ContractPayloads = { [Name in keyof Commands]: z.input<Commands[Name]['payload']> };
type ClientPayloads = { [Name in wire.CommandName]: wire.CommandPayload<Name> };
export const payloads: Verdict<ContractPayloads, ClientPayloads> = 'equal';

type ContractAnswers = { [Name in keyof Commands]: contract.CommandData<Name> };
type ClientAnswers = { [Name in wire.CommandName]: wire.CommandData<Name> };
export const answers: Verdict<ContractAnswers, ClientAnswers> = 'equal';

type ContractPushes = { [Name in contract.PushName]: contract.PushData<Name> };
export const pushes: Verdict<ContractPushes, wire.PushMap> = 'equal';

/** Types that apps name in their own code, and that may be part of no command or only of one. */
interface ContractTypes {
  Action: contract.Action;
  ActionType: contract.ActionType;
  Answer: contract.Answer<'data'>;
  Attachment: contract.Attachment;
  Audience: z.infer<typeof contract.audience>;
  Card: contract.Card;
  ChangeKind: contract.ChangeKind;
  ChangeView: contract.ChangeView;
  CloseCode: contract.CloseCode;
  ConversationView: contract.ConversationView;
  EntryView: contract.EntryView;
  ErrorCode: contract.ErrorCode;
  ErrorDetail: contract.ErrorDetail;
  Failure: contract.Failure;
  Goodbye: contract.Goodbye;
  HistoryMode: contract.HistoryMode;
  Location: contract.Location;
  MessageKind: contract.MessageKind;
  MessageStatus: contract.MessageStatus;
  MessageView: contract.MessageView;
  PrivacyView: contract.PrivacyView;
  ReportReason: (typeof contract.REPORT_REASONS)[number];
  Role: contract.Role;
  SettingsView: contract.SettingsView;
  SyncPage: contract.SyncAnswer;
  UserView: contract.UserView;
}
interface ClientTypes {
  Action: wire.Action;
  ActionType: wire.ActionType;
  Answer: wire.Answer<'data'>;
  Attachment: wire.Attachment;
  Audience: wire.Audience;
  Card: wire.Card;
  ChangeKind: wire.ChangeKind;
  ChangeView: wire.ChangeView;
  CloseCode: wire.CloseCode;
  ConversationView: wire.ConversationView;
  EntryView: wire.EntryView;
  ErrorCode: wire.ErrorCode;
  ErrorDetail: wire.ErrorDetail;
  Failure: wire.Failure;
  Goodbye: wire.Goodbye;
  HistoryMode: wire.HistoryMode;
  Location: wire.Location;
  MessageKind: wire.MessageKind;
  MessageStatus: wire.MessageStatus;
  MessageView: wire.MessageView;
  PrivacyView: wire.PrivacyView;
  ReportReason: wire.ReportReason;
  Role: wire.Role;
  SettingsView: wire.SettingsView;
  SyncPage: wire.SyncPage;
  UserView: wire.UserView;
}
export const named: Verdict<ContractTypes, ClientTypes> = 'equal';
