import { expect, test } from 'vitest';
import { readDeletion } from '../../scripts/data/import/deletion.js';
import { readField } from '../../scripts/data/import/source.js';
import { Tally } from '../../scripts/data/import/tally.js';
import { cutText } from '../../backend/src/utils/cutText.js';
import { toName } from '../../scripts/data/import/text.js';
import { isTimeZone, TimeReader } from '../../scripts/data/import/times.js';

const read = (value: unknown, zone = 'UTC'): string | undefined =>
  new TimeReader(zone, new Tally()).read(value, 'row')?.toISOString();

test.each(['UTC', 'Europe/Berlin', 'America/New_York'])(
  'times without a zone are UTC on a machine in %s',
  (zone) => {
    const before = process.env['TZ'];
    process.env['TZ'] = zone;
    try {
      expect(read('2024-03-31T02:30:00')).toBe('2024-03-31T02:30:00.000Z');
      expect(read('2024-03-31 02:30:00')).toBe('2024-03-31T02:30:00.000Z');
      expect(read('2024-03-31 02:30:00.123456')).toBe('2024-03-31T02:30:00.123Z');
      expect(read('2024-03-31')).toBe('2024-03-31T00:00:00.000Z');
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  },
);

test('an offset in the time overrides the zone', () => {
  const noon = '2024-07-01T12:00:00.000Z';
  for (const written of [
    ...[
      '2024-07-01T12:00:00Z',
      '2024-07-01 12:00:00+00',
      '2024-07-01 14:00:00+02',
      '2024-07-01T17:30:00+0530',
    ],
    ...['2024-07-01T08:30:00.000000-03:30', '2024-07-01 12:00 UTC', 'Mon, 01 Jul 2024 12:00:00 GMT'],
    'Mon Jul 01 2024 14:00:00 GMT+0200 (Central European Summer Time)',
  ]) {
    expect([written, read(written, 'Asia/Tokyo')]).toEqual([written, noon]);
  }
  expect(read('2024-07-01T12:00:00', 'Asia/Tokyo')).toBe('2024-07-01T03:00:00.000Z');
});

test('numbers are seconds, milliseconds, microseconds or nanoseconds; extended JSON is converted', () => {
  const at = Date.UTC(2024, 6, 1, 12);
  const iso = new Date(at).toISOString();
  for (const value of [at, at / 1_000, at * 1_000, at * 1e6, String(at), `${at / 1_000}.000123`]) {
    expect([value, read(value)]).toEqual([value, iso]);
  }
  for (const field of [
    { $date: iso },
    { $date: at },
    { $date: { $numberLong: String(at) } },
    { $numberLong: String(at) },
    { $numberDouble: String(at / 1_000) },
    new Date(at),
  ]) {
    expect([field, read(readField({ field }, 'field'))]).toEqual([field, iso]);
  }
  expect(read(readField({ field: { $date: 5_000 } }, 'field'))).toBe('1970-01-01T00:00:05.000Z');
});

test('values that are not times, or depend on the machine, are rejected', () => {
  for (const value of [
    ...['never', '', '31-12-2024 10:00', '12/31/2024 10:00', '2024-02-30', '2024-13-01', '2024-01-01T25:00'],
    ...[Number.NaN, -1, 0, {}, [], true, 'infinity', '1969-12-31T23:59:59Z'],
  ]) {
    expect([value, read(value)]).toEqual([value, undefined]);
  }
});

test('times that a clock skipped or repeated are read deterministically, and listed', () => {
  const tally = new Tally();
  const times = new TimeReader('Europe/Berlin', tally);
  const instant = (written: string) => times.read(written, written)?.toISOString();
  expect(instant('2024-03-31T01:59:59')).toBe('2024-03-31T00:59:59.000Z');
  expect(instant('2024-03-31T02:30:00')).toBe('2024-03-31T01:30:00.000Z');
  expect(instant('2024-03-31T03:00:00')).toBe('2024-03-31T01:00:00.000Z');
  expect(instant('2024-10-27T01:30:00')).toBe('2024-10-26T23:30:00.000Z');
  expect(instant('2024-10-27T02:30:00')).toBe('2024-10-27T00:30:00.000Z');
  expect(instant('2024-10-27T03:00:00')).toBe('2024-10-27T02:00:00.000Z');
  expect([...tally.findings()].map(({ details }) => details)).toEqual([
    { reason: 'skippedTimes', count: 1, examples: ['2024-03-31T02:30:00'] },
    { reason: 'repeatedTimes', count: 1, examples: ['2024-10-27T02:30:00'] },
  ]);
  // Lord Howe changes its clocks by half an hour.
  expect(read('2024-10-06T02:15:00', 'Australia/Lord_Howe')).toBe('2024-10-05T15:45:00.000Z');
  expect([isTimeZone('Europe/Berlin'), isTimeZone('Mars/Olympus'), isTimeZone('')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('values that mean "not deleted" are recognized; ambiguous ones are reported', () => {
  const sentAt = new Date(Date.UTC(2024, 0, 1));
  const times = new TimeReader('UTC', new Tally());
  const deletion = (value: unknown) => readDeletion(value, { times, sentAt, at: 'row' });
  for (const value of [
    ...[undefined, null, false, 0, '', ' ', '0', 'null', 'NULL', 'false', 'f', 'no'],
    ...['0000-00-00 00:00:00', '0000-00-00'],
  ]) {
    expect([value, deletion(value)]).toEqual([value, undefined]);
  }
  for (const value of [true, 1, '1', 'true', 't', 'yes']) expect(deletion(value)).toBe(sentAt);
  expect(deletion('2024-02-01 00:00:00')).toEqual(new Date(Date.UTC(2024, 1, 1)));
  for (const value of ['perhaps', {}, -1, Number.NaN])
    expect([value, deletion(value)]).toEqual([value, null]);
});

test('names are cut between graphemes', () => {
  const family = '👨‍👩‍👧‍👦';
  expect(cutText(`ab${family}`, 8)).toBe('ab');
  expect(cutText(`ab${family}`, 9)).toBe(`ab${family}`);
  expect(toName(`${'n'.repeat(98)}🇩🇪🇫🇷`)).toBe(`${'n'.repeat(98)}🇩🇪`);
  expect(toName(`${'n'.repeat(99)}🇩🇪`)).toBe('n'.repeat(99));
  expect(toName(42)).toBe('42');
  expect([toName('  '), toName(undefined), toName({})]).toEqual([undefined, undefined, undefined]);
});
