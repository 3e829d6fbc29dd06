import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from '../../scripts/data/split/attribution.js';
import type { AttributionOptions, MixedChat, MessageFacts } from '../../scripts/data/split/chat.js';

const MINUTE_MS = 60_000;
const chatOf = (more: Partial<MixedChat> = {}): MixedChat => ({
  participants: ['ann', 'bob', 'shop'],
  starts: [
    { userId: 'ann', about: 'lamp', atMs: 0 },
    { userId: 'bob', about: 'sofa', atMs: 0 },
  ],
  ...more,
});

/** Parses lines `sender[>seq replied to]`, one minute apart. `+90` before the name adds 90 minutes. */
function said(...lines: string[]): MessageFacts[] {
  let atMs = 0;
  return lines.map((line, index) => {
    const [, pause = '1', senderId = '', reply] = /^(?:\+(\d+) )?(\w+)(?:>(\d+))?$/.exec(line) ?? [];
    atMs += Number(pause) * MINUTE_MS;
    return { seq: index + 1, senderId, atMs, ...(reply !== undefined && { replyTo: Number(reply) }) };
  });
}

/** Attributes all messages. @returns each as `addressee because` or `? doubt`. */
const run = (chat: MixedChat, lines: MessageFacts[], options?: AttributionOptions): string[] =>
  attribute(chat, lines, options).attributions.map((one) =>
    one.to === undefined ? `? ${one.doubt}` : `${one.to} ${one.because}`,
  );

describe('addressee of a message in a chat of three', () => {
  it('answers of the hub go to the only user who waits for one', () => {
    expect(run(chatOf(), said('ann', 'shop', 'bob', 'shop', 'shop'))).toEqual([
      'shop to-hub',
      'ann answer',
      'shop to-hub',
      'bob answer',
      'bob continues',
    ]);
  });

  it('with two waiting users the addressee is unknown, unless a reply shows it', () => {
    expect(run(chatOf(), said('ann', 'bob', 'shop', 'shop>1', 'shop', 'shop'))).toEqual([
      'shop to-hub',
      'shop to-hub',
      '? several-waiting',
      'ann reply',
      'bob answer',
      'bob continues',
    ]);
  });

  it('a reply of exactly one user shows the addressee; replies of two show nothing', () => {
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

  it('a product that one user asked about, or a named recipient, decides; contradicting evidence does not', () => {
    const lines: MessageFacts[] = [
      { seq: 1, senderId: 'shop', atMs: 0, about: 'sofa' },
      { seq: 2, senderId: 'shop', atMs: 1, recipientId: 'ann' },
      { seq: 3, senderId: 'shop', atMs: 2, recipientId: 'ann', about: 'sofa' },
      { seq: 4, senderId: 'ann', atMs: 3, recipientId: 'bob' },
    ];
    expect(run(chatOf(), lines)).toEqual([
      'bob occasion',
      'ann recipient',
      '? contradicting',
      'bob recipient',
    ]);
  });

  it('after a pause a message that answers no one has no addressee, unless only one user had taken part', () => {
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

  it('after the time within which users are answered, a message is not for the only one who waits', () => {
    expect(run(chatOf(), said('ann', '+4920 shop'))).toEqual(['shop to-hub', '? waited-too-long']);
    expect(run(chatOf(), said('ann', 'shop', 'ann', '+4920 shop'))[3]).toBe('? waited-too-long');
    const hours = (count: number) => ({ answerWithinMs: count * 60 * MINUTE_MS });
    expect(run(chatOf(), said('ann', '+4920 shop'), hours(83))[1]).toBe('ann answer');
    expect(run(chatOf(), said('ann', '+61 shop'), hours(1))[1]).toBe('? waited-too-long');
    // Another user, who has waited only briefly, is answered.
    expect(run(chatOf(), said('ann', '+4920 bob', 'shop', 'shop')).slice(2)).toEqual([
      'bob answer',
      'bob continues',
    ]);
  });

  it('in a chat with one user every message is theirs alone', () => {
    expect(run({ participants: ['ann'], starts: [] }, said('ann', 'bob', 'ann'))).toEqual([
      '? alone',
      '? not-a-participant',
      '? alone',
    ]);
  });

  it('a sender who is not in the chat has no addressee; a manual decision overrides all other evidence', () => {
    const lines = said('ann', 'bob', 'shop', 'mallory');
    expect(run(chatOf(), lines, { decisions: new Map([[3, 'ann']]) })).toEqual([
      'shop to-hub',
      'shop to-hub',
      'ann decided',
      '? not-a-participant',
    ]);
    // A decision cannot name a user who is not in the chat.
    expect(run(chatOf(), lines, { decisions: new Map([[3, 'mallory']]) })[2]).toBe('? several-waiting');
  });
});

describe('hub of a chat', () => {
  const hubOf = (chat: Partial<MixedChat>, lines: MessageFacts[], options?: AttributionOptions) => {
    const { hub } = attribute(chatOf(chat), lines, options);
    return `${hub.userId ?? 'nobody'} ${hub.because}`;
  };

  it('is the declared user, or the one whom all others asked, who exchanged replies with all, or took turns with all', () => {
    expect(hubOf({ declaredHub: 'ann' }, [])).toBe('ann declared');
    expect(hubOf({}, [])).toBe('shop occasions');
    expect(hubOf({ starts: [] }, said('ann', 'shop>1', 'bob>2'))).toBe('shop exchange');
    expect(hubOf({ starts: [] }, said('ann', 'shop', 'ann', 'shop', 'bob', 'shop'))).toBe('shop turns');
  });

  it('is unknown where evidence is missing or contradicting', () => {
    expect(hubOf({ starts: [] }, said('ann', 'bob', 'shop'))).toBe('nobody none');
    expect(hubOf({ starts: [] }, said('ann', 'bob', 'ann', 'shop', 'ann', 'bob', 'shop', 'bob'))).toBe(
      'nobody none',
    );
    expect(hubOf({ starts: [] }, said('ann', 'shop', 'bob'), { onlyProven: true })).toBe('nobody none');
    expect(hubOf({}, said('ann', 'bob>1', 'shop>1'))).toBe('nobody contradicting');
  });

  it('the two users of the key are a pair although a third was added; two who asked the same silent user are not', () => {
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

/** The real history between a hub and the others: sender, addressee, time and reply of each message. */
interface Truth extends MessageFacts {
  to: string;
}
const RIM = ['ann', 'bob', 'cid'] as const;
const PEOPLE = ['shop', ...RIM];

/** Generates any history; replies refer to messages of the same exchange. */
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
        ...{ seq: index + 1, senderId, to, atMs },
        ...(answered !== undefined && { replyTo: answered.seq }),
        ...(names && { recipientId: to }),
      });
    });
    return told;
  });

const strip = (told: readonly Truth[]): MessageFacts[] => told.map(({ to: _secret, ...one }) => one);

describe('any history with known addressees', () => {
  it('with proofs alone, no user ever gets a message that was for another one', () => {
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

  it('also by the order in time, if the hub answers before it writes to another user', () => {
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
          // A message of the hub is attributable if it answers the last sender while no one else waits.
          const others = [...waiting].filter((userId) => userId !== truth.to);
          if (truth.senderId === 'shop' && others.length === 0) expect(one.to).toBe(truth.to);
          if (truth.senderId === 'shop') waiting.delete(truth.to);
          else waiting.add(truth.senderId);
        });
      }),
    );
  });

  it('every message is attributed once, to another participant or to no one, deterministically', () => {
    fc.assert(
      fc.property(anyTruth, fc.boolean(), (told, onlyProven) => {
        const chat = { participants: PEOPLE, starts: [] };
        const { attributions } = attribute(chat, strip(told), { onlyProven });
        expect(attributions.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq));
        for (const { senderId, to } of attributions) {
          expect(to === undefined || (to !== senderId && PEOPLE.includes(to))).toBe(true);
        }
        expect(attribute(chat, strip(told), { onlyProven }).attributions).toEqual(attributions);
      }),
    );
  });
});
