import { expect, test } from 'vitest';
import type { UserId } from '../../contract/index.js';
import type { PresenceStore } from '../../backend/src/services/ports.js';

/** Presence stores of several connected processes. */
export interface PresencePeers extends AsyncDisposable {
  stores: PresenceStore[];
}
export type MakeStores = (count: number) => Promise<PresencePeers>;

const [ann, ben, cem] = ['ann', 'ben', 'c_%:{m}'] as [UserId, UserId, UserId];

/** Tests the guarantees of a presence store. @param make creates this many connected stores of one kind. */
export function testPresence(kind: string, make: MakeStores): void {
  test(`${kind}: a user is online while any process has them, and each process knows whether it is the only one`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.stores as [PresenceStore, PresenceStore];
    expect(await one.enter(ann)).toBe(true);
    expect(await two.enter(ann)).toBe(false);
    expect(await two.enter(ben)).toBe(true);
    expect(await one.findOnline([ann, ben, cem])).toEqual(new Set([ann, ben]));
    expect(await one.leave(ann)).toBe(false);
    expect(await one.findOnline([ann])).toEqual(new Set([ann]));
    expect(await two.leave(ann)).toBe(true);
    expect(await one.findOnline([ann, ben])).toEqual(new Set([ben]));
    expect(await one.enter(ann)).toBe(true);
  });

  test(`${kind}: entering or leaving twice has the effect of once`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.stores as [PresenceStore, PresenceStore];
    expect(await one.enter(ann)).toBe(true);
    expect(await one.enter(ann)).toBe(true);
    expect(await two.leave(ann)).toBe(false);
    expect(await two.findOnline([ann])).toEqual(new Set([ann]));
    expect(await one.leave(ann)).toBe(true);
    expect(await one.leave(ann)).toBe(true);
    expect(await two.findOnline([ann])).toEqual(new Set());
  });

  test(`${kind}: of processes that enter a user at once exactly one is the first, and exactly one is the last to leave`, async () => {
    await using peers = await make(3);
    for (let round = 0; round < 20; round += 1) {
      const entered = await Promise.all(peers.stores.map((store) => store.enter(cem)));
      expect(entered.filter(Boolean)).toHaveLength(1);
      const left = await Promise.all(peers.stores.map((store) => store.leave(cem)));
      expect(left.filter(Boolean)).toHaveLength(1);
    }
  });

  test(`${kind}: one query finds many users, and an empty query finds none`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.stores as [PresenceStore, PresenceStore];
    const users = Array.from({ length: 2_500 }, (_, index) => `user-${index}` as UserId);
    const online = users.filter((_, index) => index % 2 === 0);
    await Promise.all(online.map((user) => one.enter(user)));
    expect(await two.findOnline(users)).toEqual(new Set(online));
    expect(await two.findOnline([])).toEqual(new Set());
  });

  test(`${kind}: a process that closes removes its users, and no others`, async () => {
    await using peers = await make(2);
    const [one, two] = peers.stores as [PresenceStore, PresenceStore];
    await one.enter(ann);
    await one.enter(ben);
    await two.enter(ben);
    await one.close();
    expect(await two.findOnline([ann, ben])).toEqual(new Set([ben]));
    expect(await two.enter(ann)).toBe(true);
  });
}
