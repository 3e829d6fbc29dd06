import mongoose from 'mongoose';
import { expect, test } from 'vitest';
import { createAuditModel } from '../../backend/src/models/auditModel.js';

/** Returns once the clock has moved on. */
function nextMillisecond(): void {
  const now = Date.now();
  while (Date.now() === now);
}

test('ids of the audit log are in the order of time over all processes, also within a second', () => {
  const processes = Array.from({ length: 5 }, () => createAuditModel(mongoose.createConnection()));
  const ids = Array.from({ length: 100 }, (_, act) => {
    nextMillisecond();
    return processes[act % processes.length]?.newId() ?? '';
  });
  expect([...ids].sort()).toEqual(ids);
  expect(ids.every((id) => /^[0-9a-f]{24}$/.test(id))).toBe(true);
});

test('ids of one process are unique and in order within a millisecond', () => {
  const audit = createAuditModel(mongoose.createConnection());
  const ids = Array.from({ length: 10_000 }, () => audit.newId());
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});
