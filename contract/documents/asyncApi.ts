import { ERRORS, GENERAL_CODES } from '../errors.js';
import { BUCKETS } from '../buckets.js';
import { COMMANDS, COMMAND_NAMES, PUSHES, PUSH_NAMES, type CommandName, type PushName } from '../events.js';
import { createExampleContext } from './exampleContext.js';
import { failureSchema } from './failures.js';
import { answerSchema, JsonSchemas, type JsonSchema } from './jsonSchemas.js';
import { commandSamples } from './samples.js';

const CHANNEL = { $ref: '#/channels/socket' };
const messageRef = (key: string): JsonSchema => ({ $ref: `#/channels/socket/messages/${key}` });

/** Keys of the document may not hold the colon of an event's name. */
const keyOf = (name: string): string => name.replaceAll(':', '.');
const answerKey = (name: string): string => `${keyOf(name)}.answer`;
const pushKey = (name: string): string => `${keyOf(name)}.push`;

function commandMessages(name: CommandName, samples: readonly JsonSchema[], schemas: JsonSchemas) {
  const { payload, answer, codes, summary } = COMMANDS[name];
  return {
    [keyOf(name)]: {
      name,
      title: name,
      summary,
      payload: schemas.convert(payload, 'input'),
      examples: samples.map((sample) => ({ payload: sample })),
    },
    [answerKey(name)]: {
      name: `${name} (answer)`,
      title: `Answer to ${name}`,
      payload: {
        oneOf: [
          answerSchema(schemas.convert(answer, 'output')),
          failureSchema([...GENERAL_CODES, ...codes], schemas),
        ],
      },
    },
  };
}

function commandOperation(name: CommandName): JsonSchema {
  const { pair, codes, bucket, repeatSafe, summary } = COMMANDS[name];
  const ok = pair.ok === undefined ? 'no event' : `the event \`${pair.ok}\``;
  const errors = codes.map((code) => `- \`${code}\`: ${ERRORS[code].meaning}`);
  return {
    action: 'receive',
    channel: CHANNEL,
    title: name,
    summary,
    description: [
      `The answer is passed to the acknowledgement callback. Without one it is sent as ${ok} or \`${pair.error}\`.`,
      `Repeating it is safe: ${repeatSafe}. Rate limit: bucket \`${bucket}\` (${BUCKETS[bucket].summary})`,
      ...(errors.length > 0 ? [`Codes besides the general ones:\n\n${errors.join('\n')}`] : []),
    ].join('\n\n'),
    messages: [messageRef(keyOf(name))],
    reply: { channel: CHANNEL, messages: [messageRef(answerKey(name))] },
  };
}

function pushMessage(name: PushName, schemas: JsonSchemas): JsonSchema {
  const { data, summary } = PUSHES[name];
  return { name, title: name, summary, payload: answerSchema(schemas.convert(data, 'output')) };
}

const pushOperation = (name: PushName): JsonSchema => ({
  action: 'send',
  channel: CHANNEL,
  title: name,
  summary: PUSHES[name].summary,
  description: `Priority for slow readers: ${PUSHES[name].priority}.`,
  messages: [messageRef(pushKey(name))],
});

const SERVER = {
  host: '{host}',
  pathname: '/socket.io/',
  protocol: 'wss',
  description: 'Socket.IO 4 (Engine.IO 4) over WebSocket, or over long polling.',
  variables: { host: { default: 'localhost:3000', description: 'Address of your server.' } },
  security: [{ $ref: '#/components/securitySchemes/token' }],
};

const TOKEN = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'Sent in the handshake as `auth: {token}`.',
};

/**
 * The AsyncAPI 3.0 document of the Socket.IO events, made from the tables of commands and pushes. The document describes the
 * server: it receives commands, answers them, and sends pushes. Pure; the same for the same contract.
 */
export function asyncApiDocument(version: string): JsonSchema {
  const schemas = new JsonSchemas();
  const samples = commandSamples(createExampleContext());
  const messages = Object.assign(
    {},
    ...COMMAND_NAMES.map((name) => commandMessages(name, samples[name], schemas)),
    ...PUSH_NAMES.map((name) => ({ [pushKey(name)]: pushMessage(name, schemas) })),
  ) as Record<string, JsonSchema>;
  return {
    asyncapi: '3.0.0',
    id: 'urn:parley:socket',
    info: {
      title: 'Parley socket events',
      version,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
      description:
        'Events between a Parley chat server and its users over Socket.IO 4. Connect with `auth: {token}`, a JWT of the user. Every event carries one JSON object. Answers and pushes may gain fields: ignore the ones that you do not know. The HTTP API is described by the OpenAPI document at `/api/openapi.json`.',
    },
    defaultContentType: 'application/json',
    servers: { parley: SERVER },
    channels: {
      socket: {
        address: '/',
        title: 'The connection',
        description: 'The default namespace. One connection carries all events of a user.',
        servers: [{ $ref: '#/servers/parley' }],
        messages,
      },
    },
    operations: {
      ...Object.fromEntries(COMMAND_NAMES.map((name) => [keyOf(name), commandOperation(name)])),
      ...Object.fromEntries(PUSH_NAMES.map((name) => [pushKey(name), pushOperation(name)])),
    },
    components: {
      schemas: schemas.components,
      securitySchemes: { token: TOKEN },
    },
  };
}
