import { expect, test } from 'vitest';
import { newDatabaseName, startServer } from '../support/server.js';
import { until } from '../support/until.js';

const METRIC = 'parley_revocation_seconds';

test('the duration of a revocation is measured on each process that had connections to close, and on no other', async () => {
  const databaseName = newDatabaseName();
  await using here = await startServer({ databaseName });
  await using there = await startServer({ databaseName });
  await using idle = await startServer({ databaseName });
  const [phone, tablet] = [await here.connectAs('alice'), await there.connectAs('alice')];
  const { status } = await here.api('alice').post('/api/users/me/revoke-tokens');
  expect(status).toBe(200);
  await until(() => !phone.socket.connected && !tablet.socket.connected, { what: 'the end of both' });
  const countOf = async (server: typeof here) => {
    const metric = await server.app.metrics.revocationSeconds.get();
    const valueOf = (name: string) => metric.values.find((value) => value.metricName === name)?.value ?? 0;
    return { count: valueOf(`${METRIC}_count`), sum: valueOf(`${METRIC}_sum`) };
  };
  for (const server of [here, there]) {
    const { count, sum } = await countOf(server);
    expect(count).toBe(1);
    // The promised second is not asserted, because the machine may be busy.
    expect(sum).toBeGreaterThanOrEqual(0);
    expect(sum).toBeLessThan(5);
  }
  await idle.app.services.users.refresh();
  expect(await countOf(idle)).toEqual({ count: 0, sum: 0 });
});
