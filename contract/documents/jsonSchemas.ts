import { z } from 'zod';
import { failure } from '../answers.js';
import { auditEntryView } from '../audit.js';
import { attachment, attachmentView, card, cardView, location, locationView } from '../content.js';
import { goodbye } from '../events.js';
import { occasionInput } from '../primitives.js';
import * as views from '../views.js';
import { privacyView, reportView } from '../commands/safety.js';
import * as server from '../server/outputs.js';

/** A JSON Schema of draft 2020-12, the dialect of OpenAPI 3.1. */
export type JsonSchema = Record<string, unknown>;

/** Schemas with a name of their own in the documents. They are referred to wherever they are used. */
const NAMED = {
  Failure: failure,
  Goodbye: goodbye,
  Message: views.messageView,
  HiddenEntry: views.hiddenView,
  SentMessage: views.sentMessageView,
  Conversation: views.conversationView,
  User: views.userView,
  Member: views.memberView,
  Reaction: views.reactionView,
  Quote: views.quoteView,
  Occasion: views.occasionView,
  Position: views.positionView,
  Settings: views.settingsView,
  ReceiptCounts: views.countsView,
  Receipt: views.receiptView,
  RefusedUser: views.refusedUser,
  Change: views.shownChangeView,
  HiddenChange: views.hiddenChangeView,
  Presence: views.presenceView,
  Typing: views.typingView,
  Head: views.headView,
  Privacy: privacyView,
  Report: reportView,
  Attachment: attachmentView,
  AttachmentInput: attachment,
  Location: locationView,
  LocationInput: location,
  Card: cardView,
  CardInput: card,
  OccasionInput: occasionInput,
  Account: server.accountView,
  ServerConversation: server.serverConversationView,
  AuditEntry: auditEntryView,
} satisfies Record<string, z.ZodType>;

const names = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(NAMED)) names.add(schema, { id });

/** Bounds of JavaScript's exact integers, which zod adds to every integer. */
const isImpliedBound = (value: unknown): boolean =>
  value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER;

/** Removes what zod adds for completeness and readers do not need, and adds what it cannot represent. */
function simplify(schema: JsonSchema, type: string, io: 'input' | 'output'): void {
  if (type === 'undefined') schema['not'] = {};
  if (isImpliedBound(schema['maximum'])) delete schema['maximum'];
  if (isImpliedBound(schema['minimum'])) delete schema['minimum'];
  if (schema['format'] === 'date-time') delete schema['pattern'];
  // The server may add fields to answers and pushes: clients ignore the ones that they do not know.
  if (io === 'output' && schema['additionalProperties'] === false) delete schema['additionalProperties'];
}

/** Collects the named schemas that the converted ones refer to. One instance per document. */
export class JsonSchemas {
  /** Named schemas used so far, for `components.schemas`. */
  readonly components: Record<string, JsonSchema> = {};

  /**
   * Converts a schema. `input` is what a client sends; `output` is what the server sends, or what a number in a path or a
   * query string stands for.
   */
  convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const {
      $schema: _dialect,
      $defs,
      ...converted
    } = z.toJSONSchema(schema, {
      io,
      metadata: names,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        simplify(jsonSchema, zodSchema._zod.def.type, io);
      },
    });
    for (const [name, definition] of Object.entries($defs ?? {})) this.#add(name, definition);
    const { id } = names.get(schema) ?? {};
    const isReference = '$ref' in converted;
    return id === undefined || isReference
      ? (asComponentRefs(converted) as JsonSchema)
      : this.#add(id, converted);
  }

  /** Adds a named schema. Returns a reference to it. */
  #add(name: string, definition: unknown): JsonSchema {
    const { id: _id, ...component } = asComponentRefs(definition) as JsonSchema;
    this.components[name] = component;
    return { $ref: `#/components/schemas/${name}` };
  }
}

/** Replaces references to local definitions by references to the document's components. */
const asComponentRefs = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : value,
  );

/** Schema of a successful answer, and of a push. */
export const answerSchema = (data: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: { success: { const: true }, data },
  required: ['success', 'data'],
});
