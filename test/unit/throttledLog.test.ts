import { expect, test } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../../backend/src/utils/logger.js';
import { ThrottledLog } from '../../backend/src/utils/throttledLog.js';

const MINUTE_MS = 60_000;
const logLine = z.looseObject({ msg: z.string(), suppressed: z.number().optional() });

/** Creates a log with a clock controlled by the test. */
function createScene() {
  const lines: z.infer<typeof logLine>[] = [];
  const write = (line: string): void => void lines.push(logLine.parse(JSON.parse(line)));
  const clock = { nowMs: 0 };
  const logger = createLogger({ level: 'info', pretty: false, destination: { write } });
  return { lines, clock, log: new ThrottledLog(logger, () => clock.nowMs) };
}

test('one warning per key and minute is written, and the next one contains the number of suppressed ones', () => {
  const { lines, clock, log } = createScene();
  for (let n = 0; n < 500; n += 1) log.warn('eve', { n }, 'a fault');
  log.warn('bob', {}, 'a fault');
  log.warn('eve', {}, 'another fault');
  expect(lines).toMatchObject([{ msg: 'a fault', n: 0 }, { msg: 'a fault' }, { msg: 'another fault' }]);
  clock.nowMs = MINUTE_MS;
  log.warn('eve', {}, 'a fault');
  log.warn('bob', {}, 'a fault');
  expect(lines.slice(3).map(({ suppressed }) => suppressed)).toEqual([499, undefined]);
});

test('a client that reconnects with new names all the time writes a limited number of lines', () => {
  const { lines, clock, log } = createScene();
  for (let n = 0; n < 5_000; n += 1) log.warn(`eve${n}`, {}, 'a fault');
  expect(lines).toHaveLength(60);
  clock.nowMs = MINUTE_MS;
  for (let n = 0; n < 5_000; n += 1) log.warn(`eve${n}`, {}, 'a fault');
  expect(lines).toHaveLength(120);
});

test('errors of the server are written ten times per key, because each line has its own request id', () => {
  const { lines, log } = createScene();
  for (let n = 0; n < 500; n += 1) log.error('sendMessage', { requestId: n }, 'a bug');
  expect(lines.map(({ requestId }) => requestId)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
