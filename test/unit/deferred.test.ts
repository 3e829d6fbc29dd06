import { expect, test } from 'vitest';
import { createDeferred, type Deferred } from '../../backend/src/utils/deferred.js';

test('resolves with the value given from outside, and the first settlement counts', async () => {
  const deferred = createDeferred<number>();
  deferred.resolve(1);
  deferred.resolve(2);
  deferred.reject(new Error('too late'));
  await expect(deferred.promise).resolves.toBe(1);
});

test('rejects with the error given from outside', async () => {
  const deferred = createDeferred<number>();
  deferred.reject(new Error('refused'));
  await expect(deferred.promise).rejects.toThrow('refused');
});

test('its functions work when they are taken out of it, and a deferred without a value needs none', async () => {
  const { promise, resolve }: Deferred<void> = createDeferred();
  const settled: string[] = [];
  void promise.then(() => settled.push('resolved'));
  await Promise.resolve();
  expect(settled).toEqual([]);
  resolve();
  await promise;
  expect(settled).toEqual(['resolved']);
});
