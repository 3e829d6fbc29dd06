import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { asyncApiDocument } from '../../../contract/documents/asyncApi.js';
import { openApiDocument } from '../../../contract/documents/openApi.js';
import { serverOpenApiDocument } from '../../../contract/documents/serverOpenApi.js';

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(openApiDocument('1.2.3'), 'openapi');
ajv.addSchema(serverOpenApiDocument('1.2.3'), 'server');
// The identifier of the document is not one of a schema.
const { id: _id, ...asyncApi } = asyncApiDocument('1.2.3');
ajv.addSchema(asyncApi, 'asyncapi');

/** The documents: HTTP for users, HTTP for the app's backend, socket events. */
export type DocumentName = 'openapi' | 'server' | 'asyncapi';
type Path = readonly (string | number)[];
const pointerTo = (path: Path): string =>
  path
    .map((part) => `/${encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');

function validatorAt(document: DocumentName, path: Path): ValidateFunction {
  const validate = ajv.getSchema(`${document}#${pointerTo(path)}`);
  if (validate === undefined) throw new Error(`${document} has no schema at ${pointerTo(path)}`);
  return validate;
}

/** Returns what a value breaks of the schema at a place of a document; empty when it fits. */
export function misfits(document: DocumentName, path: Path, value: unknown): string[] {
  const validate = validatorAt(document, path);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

interface Row {
  method: string;
  path: string;
}

/** Place of the schema of a response, and of a request's body, in the OpenAPI document. */
export const responseAt = ({ method, path }: Row, status: number): Path => [
  'paths',
  templateOf(path),
  method,
  'responses',
  status,
  'content',
  'application/json',
  'schema',
];
export const bodyAt = ({ method, path }: Row): Path => [
  'paths',
  templateOf(path),
  method,
  'requestBody',
  'content',
  'application/json',
  'schema',
];

/** Place of the payload of a message in the AsyncAPI document: a command, its answer, or a push. */
export const payloadAt = (name: string, kind: 'command' | 'answer' | 'push'): Path => [
  'channels',
  'socket',
  'messages',
  `${name.replaceAll(':', '.')}${kind === 'command' ? '' : `.${kind}`}`,
  'payload',
];
