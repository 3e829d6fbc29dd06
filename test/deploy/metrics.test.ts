import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { RedisServer } from '../support/redisServer.js';
import { startServer } from '../support/server.js';
import { check, isThere, readYaml } from './support/files.js';

const rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Parley[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.strictObject({ summary: z.string().min(10), description: z.string().optional() }),
        }),
      ),
    }),
  ),
});

const place = z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() });
const panel = z.object({
  id: z.int(),
  title: z.string().min(1),
  type: z.enum(['row', 'timeseries', 'stat']),
  gridPos: place,
  description: z.string().optional(),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().min(1) }) }).optional(),
  targets: z.array(z.object({ expr: z.string(), refId: z.string() })).optional(),
});
const dashboard = z.object({ uid: z.literal('parley'), title: z.string(), panels: z.array(panel) });

const readRules = async () => {
  const [document] = await readYaml('prometheus/alerts.yaml');
  return rules.parse(document).groups.flatMap((group) => group.rules);
};
const readDashboard = async () =>
  dashboard.parse(JSON.parse(await readFile('deploy/grafana/parley.json', 'utf8')) as unknown);

/** Returns all expressions of the alerts and the dashboard, with their location. */
async function expressions(): Promise<[where: string, expr: string][]> {
  const alerts = (await readRules()).map(({ alert, expr }): [string, string] => [alert, expr]);
  const panels = (await readDashboard()).panels.flatMap(({ title, targets }) =>
    (targets ?? []).map(({ expr }): [string, string] => [title, expr]),
  );
  return [...alerts, ...panels];
}

/** Returns the metrics that an expression uses, with the labels it names for each. */
function metricsIn(expr: string): { name: string; labels: string[] }[] {
  const found = expr.matchAll(/\b((?:parley|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g);
  return [...found].map(([, name = '', selector = '']) => ({
    name,
    labels: [...selector.matchAll(/([a-z_]+)\s*[=!]/g)].map(([, label = '']) => label),
  }));
}

test('every metric of the alerts and the dashboard exists on a server', async () => {
  await using redis = await RedisServer.start();
  await using server = await startServer({ env: { REDIS_URL: redis.url } });
  const scrape = await (await fetch(`${server.url}/metrics`)).text();
  const types = new Map(
    [...scrape.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  const names = new Set(
    [...types].flatMap(([name, type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  expect(names.size).toBeGreaterThan(60);
  const isKnown = (name: string): boolean => names.has(name);
  const all = await expressions();
  expect(all.length).toBeGreaterThan(60);
  for (const [where, expr] of all) {
    const asked = metricsIn(expr);
    if (!expr.startsWith('up{')) expect(asked, where).not.toEqual([]);
    for (const { name } of asked) expect(isKnown(name), `${where}: ${name}`).toBe(true);
  }
});

/** Labels that Prometheus adds, and the label of every histogram. */
const ADDED = ['job', 'instance', 'le'];

test('every label that they use exists on the metric', async () => {
  await using server = await startServer();
  const labelsOf = new Map(
    server.app.metrics.registry
      .getMetricsAsArray()
      .map((metric) => [metric.name, z.object({ labelNames: z.array(z.string()) }).parse(metric).labelNames]),
  );
  const labelsOfSeries = (name: string): string[] | undefined =>
    labelsOf.get(name) ?? labelsOf.get(name.replace(/_(bucket|sum|count)$/, ''));
  for (const [where, expr] of await expressions()) {
    const asked = metricsIn(expr).filter(({ name }) => labelsOfSeries(name) !== undefined);
    for (const { name, labels } of asked) {
      expect([...(labelsOfSeries(name) ?? []), ...ADDED], where).toEqual(expect.arrayContaining(labels));
    }
    if (asked.length === 0) continue;
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
    const known = asked.flatMap(({ name }) => labelsOfSeries(name) ?? []);
    expect([...known, ...ADDED], where).toEqual(expect.arrayContaining(grouped));
  }
});

test('every alert has a unique name, and every group of requirements has alerts', async () => {
  const names = (await readRules()).map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining([
      ...['ParleyPairIndexMissing', 'ParleyDuplicateConversations', 'ParleyDuplicateKeyRate'],
      ...['ParleyCreateOrGetSlow', 'ParleyPairIndexUnused', 'ParleyQueriesSlow', 'ParleyManyConnections'],
      ...['ParleyLongConversations', 'ParleyHttpSlow', 'ParleyStorageGrowing', 'ParleyCommitQueueFilling'],
      ...['ParleyUnavailable', 'ParleyRevocationSlow', 'ParleyRedisDown', 'ParleySlowConnections'],
      ...['ParleyDroppedPushes', 'ParleyRateLimited', 'ParleyLag', 'ParleyNotReady'],
    ]),
  );
});

test('every panel has a description and a unit, and none overlap', async () => {
  const { panels } = await readDashboard();
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { title, type, gridPos, description, fieldConfig, targets } of panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x}/${y}`), title).toBe(false);
        taken.add(`${x}/${y}`);
      }
    }
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    if (type === 'row') continue;
    expect(description, title).toMatch(/.{15,}\.$/);
    expect(fieldConfig?.defaults.unit, title).toBeDefined();
    expect(targets?.length, title).toBeGreaterThan(0);
  }
});

test.skipIf(!(await isThere('promtool')))(
  'promtool accepts the alerts, and they fire when they should',
  async () => {
    expect(await check('promtool', ['check', 'rules', 'deploy/prometheus/alerts.yaml'])).toContain('SUCCESS');
    expect(await check('promtool', ['test', 'rules', 'deploy/prometheus/alerts.test.yaml'])).toContain(
      'SUCCESS',
    );
  },
  120_000,
);
