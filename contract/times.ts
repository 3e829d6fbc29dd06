import { z } from 'zod';

/** Offset of a time. ISO 8601 allows `+01:00`, `+0100` and `+01`; `Date` parses the first form only. */
const OFFSET = /(T.*[+-]\d{2}):?(\d{2})?$/;
const withColon = (time: string): string =>
  time.replace(OFFSET, (_, start: string, minutes = '00') => `${start}:${minutes}`);

function toUtc(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toISOString();
}

/**
 * Time with any ISO 8601 offset, converted to UTC. The second check refuses times that are outside the years 0 to 9999 after
 * the conversion.
 */
export const utcTime = z
  .string()
  .overwrite(withColon)
  .check(z.iso.datetime({ offset: true }))
  .overwrite(toUtc)
  .check(z.iso.datetime());
