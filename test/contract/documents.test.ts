import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, test } from 'vitest';
import {
  COMMANDS,
  COMMAND_NAMES,
  ENDPOINTS,
  ENDPOINT_NAMES,
  ERROR_CODES,
  PUSH_NAMES,
  SERVER_ENDPOINTS,
  SERVER_ENDPOINT_NAMES,
} from '../../contract/index.js';
import { asyncApiDocument } from '../../contract/documents/asyncApi.js';
import { createExampleContext } from '../../contract/documents/exampleContext.js';
import { openApiDocument } from '../../contract/documents/openApi.js';
import { commandSamples, endpointSamples } from '../../contract/documents/samples.js';
import { serverOpenApiDocument } from '../../contract/documents/serverOpenApi.js';
import { serverSamples } from '../../contract/documents/serverSamples.js';
import { bodyAt, misfits, payloadAt } from './support/documentSchemas.js';
import { sharedServer } from './support/sharedServer.js';

const server = sharedServer();
const DOCUMENTS = {
  openapi: openApiDocument('1.2.3'),
  server: serverOpenApiDocument('1.2.3'),
  asyncapi: asyncApiDocument('1.2.3'),
};
const PATHS = {
  openapi: '/api/openapi.json',
  server: '/api/server/openapi.json',
  asyncapi: '/api/asyncapi.json',
};

describe('the documents', () => {
  test.each(['openapi', 'server', 'asyncapi'] as const)('%s has no findings of the linter', async (name) => {
    const problems = await lintFromString({
      source: JSON.stringify(DOCUMENTS[name]),
      absoluteRef: `/${name}.json`,
      // Two endpoints answer with a redirect to the file.
      config: await createConfig({ extends: ['recommended'], rules: { 'operation-2xx-response': 'off' } }),
    });
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
  });

  test('are the same at each call, without anything that JSON cannot hold', () => {
    expect(JSON.parse(JSON.stringify(DOCUMENTS.openapi))).toEqual(openApiDocument('1.2.3'));
    expect(JSON.parse(JSON.stringify(DOCUMENTS.server))).toEqual(serverOpenApiDocument('1.2.3'));
    expect(JSON.parse(JSON.stringify(DOCUMENTS.asyncapi))).toEqual(asyncApiDocument('1.2.3'));
  });

  test('name every error code, every endpoint and every event', () => {
    const texts = {
      openapi: JSON.stringify(DOCUMENTS.openapi),
      server: JSON.stringify(DOCUMENTS.server),
      asyncapi: JSON.stringify(DOCUMENTS.asyncapi),
    };
    for (const code of ERROR_CODES) expect(texts.openapi).toContain(`"${code}"`);
    for (const name of ENDPOINT_NAMES) expect(texts.openapi).toContain(`"operationId":"${name}"`);
    for (const name of SERVER_ENDPOINT_NAMES) expect(texts.server).toContain(`"operationId":"${name}"`);
    for (const name of [...COMMAND_NAMES, ...PUSH_NAMES])
      expect(texts.asyncapi).toContain(`"name":"${name}"`);
  });

  test.each(COMMAND_NAMES)(
    'accept the examples of %s, and refuse unknown fields, as the server does',
    (name) => {
      for (const sample of commandSamples(createExampleContext())[name]) {
        expect(COMMANDS[name].payload.safeParse(sample).error).toBeUndefined();
        expect(misfits('asyncapi', payloadAt(name, 'command'), sample)).toEqual([]);
        const wrong = { ...sample, unknown: 1 };
        expect(misfits('asyncapi', payloadAt(name, 'command'), wrong)).not.toEqual([]);
      }
    },
  );

  test.each(SERVER_ENDPOINT_NAMES)('accept the example bodies of %s, and refuse unknown fields', (name) => {
    for (const { body } of serverSamples(createExampleContext())[name]) {
      if (body === undefined) continue;
      expect(SERVER_ENDPOINTS[name].body.safeParse(body).error).toBeUndefined();
      expect(misfits('server', bodyAt(SERVER_ENDPOINTS[name]), body)).toEqual([]);
      expect(misfits('server', bodyAt(SERVER_ENDPOINTS[name]), { ...body, unknown: 1 })).not.toEqual([]);
    }
  });

  test.each(ENDPOINT_NAMES)('accept the example bodies of %s', (name) => {
    for (const { body } of endpointSamples(createExampleContext())[name]) {
      if (body !== undefined) expect(misfits('openapi', bodyAt(ENDPOINTS[name]), body)).toEqual([]);
    }
  });
});

describe('the server', () => {
  test.each(['openapi', 'server', 'asyncapi'] as const)(
    'serves %s without a token, never from an outdated cache',
    async (name) => {
      const response = await fetch(`${server().url}${PATHS[name]}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(await response.json()).toEqual({
        ...DOCUMENTS[name],
        info: {
          ...(DOCUMENTS[name]['info'] as object),
          version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
        },
      });
    },
  );

  test('serves the pages and their script under a policy without other hosts', async () => {
    for (const path of [
      '/docs',
      '/docs/',
      '/docs/server.html',
      '/docs/events.html',
      '/docs/docs.css',
      '/docs/redoc.js',
    ]) {
      const response = await fetch(`${server().url}${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).not.toMatch(/https:|unsafe-eval|script-src[^;]*unsafe-inline/);
    }
  });
});
