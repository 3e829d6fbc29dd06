import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from '../../scripts/data/split/attribution.js';
import type { AttributionOptions, MixedChat, Said } from '../../scripts/data/split/chat.js';

const MINUTE_MS = 60_000;
const chatOf = (more: Partial<MixedChat> = {}): MixedChat => ({
  participants: ['ann', 'bob', 'shop'],
  starts: [
    { userId: 'ann', about: 'lamp', atMs: 0 },
    { userId: 'bob', about: 'sofa', atMs: 0 },
  ],
  ...more,
});

/** Lines `who[>place replied to]`, a minute apart; `+90` before the name moves the clock on by so many minutes. */
function said(...lines: string[]): Said[] {
  let atMs = 0;
  return lines.map((line, index) => {
    const [, pause = '1', senderId = '', reply] = /^(?:\+(\d+) )?(\w+)(?:>(\d+))?$/.exec(line) ?? [];
    atMs += Number(pause) * MINUTE_MS;
    return { place: index + 1, senderId, atMs, ...(reply !== undefined && { replyTo: Number(reply) }) };
  });
}

/** What became of each, as `receiver because` or `? doubt`. */
const run = (chat: MixedChat, lines: Said[], options?: AttributionOptions): string[] =>
  attribute(chat, lines, options).attributions.map((one) =>
    one.to === undefined ? `? ${one.doubt}` : `${one.to} ${one.because}`,
  );

describe('for whom a message in a chat of three was', () => {
  it('the answers of the one in the middle go to whoever alone waits for one', () => {
    expect(run(chatOf(), said('ann', 'shop', 'bob', 'shop', 'shop'))).toEqual([
      'shop to-hub',
      'ann answer',
      'shop to-hub',
      'bob answer',
      'bob continues',
    ]);
  });

  it('with two who wait it is nobody’s, and stays so until a reply says more', () => {
    expect(run(chatOf(), said('ann', 'bob', 'shop', 'shop>1', 'shop', 'shop'))).toEqual([
      'shop to-hub',
      'shop to-hub',
      '? several-waiting',
      'ann reply',
      'bob answer',
      'bob continues',
    ]);
  });

  it('a reply of exactly one of them shows for whom it was; replies of two show nothing', () => {
    expect(run(chatOf(), said('ann', 'bob', 'shop', 'bob>3', '+600 shop', 'ann>5', 'bob>5'))).toEqual([
      'shop to-hub',
      'shop to-hub',
      'bob answered',
      'shop reply',
      '? answered-by-several',
      'shop reply',
      'shop reply',
    ]);
  });

  it('a product that one of them asked about, or a named recipient, decides; both against each other do not', () => {
    const lines: Said[] = [
      { place: 1, senderId: 'shop', atMs: 0, about: 'sofa' },
      { place: 2, senderId: 'shop', atMs: 1, recipientId: 'ann' },
      { place: 3, senderId: 'shop', atMs: 2, recipientId: 'ann', about: 'sofa' },
      { place: 4, senderId: 'ann', atMs: 3, recipientId: 'bob' },
    ];
    expect(run(chatOf(), lines)).toEqual([
      'bob occasion',
      'ann recipient',
      '? contradicting',
      'bob recipient',
    ]);
  });

  it('after a pause a message that answers nobody is nobody’s, unless nobody else had come yet', () => {
    expect(
      run(chatOf(), said('ann', 'shop', '+300 shop', 'ann', 'bob', 'shop>4', 'shop>5', '+90 shop')),
    ).toEqual([
      'shop to-hub',
      'ann answer',
      'ann only-one-so-far',
      'shop to-hub',
      'shop to-hub',
      'ann reply',
      'bob reply',
      '? after-a-pause',
    ]);
    expect(run(chatOf(), said('ann', 'shop', '+300 shop', 'bob'))[2]).toBe('? after-a-pause');
    expect(run(chatOf(), said('shop', 'ann'))[0]).toBe('? nobody-waiting');
  });

  it('whoever is not in the chat wrote to nobody; what an operator decided counts before everything', () => {
    const lines = said('ann', 'bob', 'shop', 'mallory');
    expect(run(chatOf(), lines, { decisions: new Map([[3, 'ann']]) })).toEqual([
      'shop to-hub',
      'shop to-hub',
      'ann decided',
      '? not-a-participant',
    ]);
    // Nobody decides that a message was for somebody who was never there.
    expect(run(chatOf(), lines, { decisions: new Map([[3, 'mallory']]) })[2]).toBe('? several-waiting');
  });
});

describe('around whom a chat turns', () => {
  const hubOf = (chat: Partial<MixedChat>, lines: Said[], options?: AttributionOptions) => {
    const { hub } = attribute(chatOf(chat), lines, options);
    return `${hub.userId ?? 'nobody'} ${hub.because}`;
  };

  it('a declared one, the one whom all others asked, who exchanged replies with all, or spoke in turn with all', () => {
    expect(hubOf({ declaredHub: 'ann' }, [])).toBe('ann declared');
    expect(hubOf({}, [])).toBe('shop occasions');
    expect(hubOf({ starts: [] }, said('ann', 'shop>1', 'bob>2'))).toBe('shop exchange');
    expect(hubOf({ starts: [] }, said('ann', 'shop', 'ann', 'shop', 'bob', 'shop'))).toBe('shop turns');
  });

  it('nobody, where signs are missing or disagree', () => {
    expect(hubOf({ starts: [] }, said('ann', 'bob', 'shop'))).toBe('nobody none');
    expect(hubOf({ starts: [] }, said('ann', 'bob', 'ann', 'shop', 'ann', 'bob', 'shop', 'bob'))).toBe(
      'nobody none',
    );
    expect(hubOf({ starts: [] }, said('ann', 'shop', 'bob'), { onlyProven: true })).toBe('nobody none');
    expect(hubOf({}, said('ann', 'bob>1', 'shop>1'))).toBe('nobody contradicting');
  });

  it('two of whom the key speaks are a pair though a third was put beside them; two who asked the same silent one are not', () => {
    const silent = { starts: [] };
    expect(run(chatOf({ ...silent, keyPair: ['ann', 'shop'] }), said('ann', 'shop', 'ann'))).toEqual([
      'shop only-two',
      'ann only-two',
      'shop only-two',
    ]);
    expect(run(chatOf({ ...silent, keyPair: ['ann', 'shop'] }), said('ann'))).toEqual(['shop only-two']);
    expect(run(chatOf({ ...silent, keyPair: ['ann', 'shop'] }), said('ann', 'bob'))).toEqual([
      '? no-hub',
      '? no-hub',
    ]);
  });
});

/** What really happened between a hub and those around it: who wrote to whom, when, in answer to what. */
interface Truth extends Said {
  to: string;
}
const RIM = ['ann', 'bob', 'cid'] as const;
const PEOPLE = ['shop', ...RIM];

/** Any histories at all; replies are given to messages of the same exchange. */
const anyTruth = fc
  .array(
    fc.record({
      rim: fc.constantFrom(...RIM),
      byHub: fc.boolean(),
      pauseMs: fc.constantFrom(1_000, 50 * MINUTE_MS, 3_000 * MINUTE_MS),
      replies: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
      names: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    const told: Truth[] = [];
    let atMs = 0;
    steps.forEach(({ rim, byHub, pauseMs, replies, names }, index) => {
      atMs += pauseMs;
      const [senderId, to] = byHub ? ['shop', rim] : [rim, 'shop'];
      const exchange = told.filter((one) => [one.senderId, one.to].includes(rim));
      const answered = replies === undefined ? undefined : exchange[replies % Math.max(1, exchange.length)];
      told.push({
        ...{ place: index + 1, senderId, to, atMs },
        ...(answered !== undefined && { replyTo: answered.place }),
        ...(names && { recipientId: to }),
      });
    });
    return told;
  });

const strip = (told: readonly Truth[]): Said[] => told.map(({ to: _secret, ...one }) => one);

describe('any history whose truth is known', () => {
  it('with proofs alone nobody is ever given what was written to somebody else', () => {
    fc.assert(
      fc.property(anyTruth, (told) => {
        const chat = { participants: PEOPLE, starts: [] };
        const { attributions } = attribute(chat, strip(told), { onlyProven: true });
        attributions.forEach((one, index) => {
          if (one.to !== undefined) expect(one.to).toBe(told[index]?.to);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('by the order in time too, where the hub answers before it speaks to somebody else', () => {
    fc.assert(
      fc.property(anyTruth, (told) => {
        const orderly: Truth[] = [];
        for (const one of told) {
          const before = orderly.at(-1);
          const isAnswer = before?.to === one.to || before?.senderId === one.to;
          if (one.senderId !== 'shop' || isAnswer) orderly.push(one);
        }
        const chat = { participants: PEOPLE, starts: [], declaredHub: 'shop' };
        const { attributions } = attribute(chat, strip(orderly));
        const waiting = new Set<string>();
        attributions.forEach((one, index) => {
          const truth = orderly[index];
          if (one.to === undefined || truth === undefined) return;
          if (truth.senderId !== 'shop') expect(one.to).toBe('shop');
          // A hub that answers the one who wrote last, while nobody else waits, is understood.
          const others = [...waiting].filter((userId) => userId !== truth.to);
          if (truth.senderId === 'shop' && others.length === 0) expect(one.to).toBe(truth.to);
          if (truth.senderId === 'shop') waiting.delete(truth.to);
          else waiting.add(truth.senderId);
        });
      }),
    );
  });

  it('every message is attributed once, to another participant or to nobody, and the same each time', () => {
    fc.assert(
      fc.property(anyTruth, fc.boolean(), (told, onlyProven) => {
        const chat = { participants: PEOPLE, starts: [] };
        const { attributions } = attribute(chat, strip(told), { onlyProven });
        expect(attributions.map(({ place }) => place)).toEqual(told.map(({ place }) => place));
        for (const { senderId, to } of attributions) {
          expect(to === undefined || (to !== senderId && PEOPLE.includes(to))).toBe(true);
        }
        expect(attribute(chat, strip(told), { onlyProven }).attributions).toEqual(attributions);
      }),
    );
  });
});
