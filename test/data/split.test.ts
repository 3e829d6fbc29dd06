import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDataWorld } from '../support/dataScript.js';
import { startServer } from '../support/server.js';
import { expectConsistent, PEOPLE, SPLIT, STARTS } from './support/split.js';
import { readableBy, storeMixed, textOf, type Line } from './support/mixedChat.js';

const reportOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as Record<string, never>;

interface Step {
  rim: string;
  byHub: boolean;
  pauseMs: number;
  names: boolean;
  replies: number | undefined;
}

const anyLines: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    rim: fc.constantFrom('ann', 'bob'),
    byHub: fc.boolean(),
    pauseMs: fc.constantFrom(1_000, 3_000_000, 200_000_000),
    names: fc.boolean(),
    replies: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
  }),
  { maxLength: 25 },
);

function toLines(steps: readonly Step[]): Line[] {
  const lines: Line[] = [];
  for (const { rim, byHub, pauseMs, names, replies } of steps) {
    const [from, to] = byHub ? ['shop', rim] : [rim, 'shop'];
    const exchange = lines.flatMap((line, index) => ([line.from, line.to].includes(rim) ? [index] : []));
    const replyTo = replies === undefined ? undefined : exchange[replies % Math.max(1, exchange.length)];
    lines.push({ from, to, pauseMs, names, ...(replyTo !== undefined && { replyTo }) });
  }
  return lines;
}

describe('split-group-conversations', () => {
  test('any history: every message is readable by its sender and at most by its addressee; none is lost; a second run finds nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyLines, { minLength: 1, maxLength: 3 }), async (histories) => {
        await using world = await createDataWorld();
        const chats = histories.map((steps, index) => ({
          people: PEOPLE.map((name) => `${name}${index}`),
          lines: toLines(steps).map((line) => ({
            ...line,
            from: `${line.from}${index}`,
            to: `${line.to}${index}`,
          })),
        }));
        for (const { people, lines } of chats)
          await storeMixed(world.connection, { participants: people, lines });
        const before = await world.connection.collection('messages').countDocuments({});
        const first = await world.run([...SPLIT, '--only-proven']);
        expect([0, 1], first.stderr).toContain(first.code);
        for (const { people, lines } of chats) {
          const readable = await readableBy(world.connection, people);
          lines.forEach(({ from, to }, index) => {
            const readers = people.filter((userId) => readable.get(userId)?.includes(textOf(index)));
            expect(readers).toContain(from);
            for (const reader of readers) expect([from, to]).toContain(reader);
          });
        }
        await expectConsistent(world);
        const said = { controlSeq: { $exists: false } };
        expect(await world.connection.collection('messages').countDocuments(said)).toBe(before);
        const again = await world.run(SPLIT);
        expect(again, again.stderr).toMatchObject({ code: 0 });
        expect(reportOf(again)).toMatchObject({ counts: {}, problems: 0 });
      }),
      { numRuns: 2 },
    );
  });

  test('a dry run lists every message and changes nothing; undo restores every byte', async () => {
    await using world = await createDataWorld();
    const lines: Line[] = [
      { from: 'ann', to: 'shop' },
      { from: 'bob', to: 'shop' },
      { from: 'shop', to: 'ann' },
      { from: 'shop', to: 'bob', replyTo: 1 },
    ];
    await storeMixed(world.connection, { participants: PEOPLE, lines, fields: STARTS });
    const before = await world.dump();
    const dry = await world.run(['split-group-conversations', '--dry-run']);
    expect(dry.code, dry.stderr).toBe(1);
    expect(dry.stdout).toMatch(/\(1, of ann\) → shop: it was sent to the user in the middle/);
    expect(dry.stdout).toMatch(
      /\(3, of shop\) → only shop: several of the others were waiting for an answer/,
    );
    expect(dry.stdout).toMatch(/\(4, of shop\) → bob: it replies to a message of this exchange/);
    expect(dry.stdout + dry.stderr).not.toContain('line number');
    expect(await world.dump()).toEqual(before);

    const done = await world.run([...SPLIT, '--journal', 'split.jsonl']);
    expect(done.code, done.stderr).toBe(1);
    expect(reportOf(done)).toMatchObject({
      counts: {
        mixedChats: 1,
        messages: 4,
        ambiguous: 1,
        messagesMoved: 4,
        pairChats: 2,
        unattributedChats: 1,
      },
    });
    await expectConsistent(world);
    const undone = await world.run(['undo', 'split.jsonl', '--yes']);
    expect(undone.code, undone.stdout + undone.stderr).toBe(0);
    const after = await world.dump();
    const withoutTime = (dump: Record<string, string[]>) =>
      Object.fromEntries(
        Object.entries(dump).map(([name, docs]) => [
          name,
          docs.map((doc) => doc.replace(/"changedAt":\{[^}]*\{[^}]*\}\}/, '')),
        ]),
      );
    expect(withoutTime(after)).toEqual(withoutTime(before));
  });

  test('manual decisions are applied', async () => {
    await using world = await createDataWorld();
    const lines: Line[] = [
      { from: 'ann', to: 'shop' },
      { from: 'bob', to: 'shop' },
      { from: 'shop', to: 'bob' },
    ];
    await storeMixed(world.connection, { participants: PEOPLE, lines, fields: STARTS });
    const { writeFile } = await import('node:fs/promises');
    const message = await world.connection.collection('messages').findOne({ seq: 3 });
    await writeFile(`${world.dataDir}/decisions.json`, JSON.stringify({ [String(message?._id)]: 'bob' }));
    const done = await world.run([...SPLIT, '--decisions', 'decisions.json']);
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const readable = await readableBy(world.connection, PEOPLE);
    expect(readable.get('bob')).toEqual([textOf(1), textOf(2)]);
    expect(readable.get('ann')).toEqual([textOf(0)]);
    for (const check of ['add-conversation-validation', 'verify-message-user-integrity']) {
      const verified = await world.run([check]);
      expect(verified.code, verified.stdout).toBe(0);
    }
  });

  test('killed at any moment and run again, it has the same result', async () => {
    const lines: Line[] = Array.from({ length: 40 }, (_, index) =>
      index % 4 < 2
        ? { from: index % 4 === 0 ? 'ann' : 'shop', to: index % 4 === 0 ? 'shop' : 'ann' }
        : { from: index % 4 === 2 ? 'bob' : 'shop', to: index % 4 === 2 ? 'shop' : 'bob' },
    );
    await using world = await createDataWorld();
    for (let chat = 0; chat < 6; chat += 1) {
      const own = (name: string) => `${name}${chat}`;
      await storeMixed(world.connection, {
        participants: PEOPLE.map(own),
        lines: lines.map((line) => ({ ...line, from: own(line.from), to: own(line.to) })),
      });
    }
    let kills = 0;
    for (let run = 0; run < 30; run += 1) {
      const outcome = await world.run(SPLIT, (child) => {
        // Kills at random times, from before the first write until after the last.
        const timer = setInterval(() => {
          void world.connection
            .collection('moved')
            .countDocuments({})
            .then((count) => {
              if (count >= run * 40 && count < 200) child.kill('SIGKILL');
            });
        }, 15);
        child.once('exit', () => clearInterval(timer));
      });
      if (outcome.code !== 137) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(1);
    expect((await world.run(SPLIT)).code).toBe(0);
    await expectConsistent(world);
    for (let chat = 0; chat < 6; chat += 1) {
      const readable = await readableBy(
        world.connection,
        PEOPLE.map((name) => `${name}${chat}`),
      );
      expect(readable.get(`ann${chat}`)).toEqual(
        lines.flatMap(({ from, to }, index) => ([from, to].includes('ann') ? [textOf(index)] : [])),
      );
      expect(readable.get(`bob${chat}`)).toEqual(
        lines.flatMap(({ from, to }, index) => ([from, to].includes('bob') ? [textOf(index)] : [])),
      );
    }
  });
});

describe('after a split', () => {
  test('a pair that already had a correct chat has one chat with all messages', async () => {
    await using world = await createDataWorld();
    await using server = await startServer({ databaseName: world.databaseName });
    const ann = await server.connectAs('ann');
    const before = await ann.open('shop');
    await ann.send(before, 'in the right chat');
    const lines: Line[] = [
      { from: 'ann', to: 'shop' },
      { from: 'shop', to: 'ann' },
      { from: 'bob', to: 'shop' },
    ];
    const fields = { ...STARTS, participantsKey: undefined };
    await storeMixed(world.connection, { participants: PEOPLE, lines, fields });
    await world.connection
      .collection('conversations')
      .updateMany({ participantsKey: null }, { $unset: { participantsKey: 1 } });
    const done = await world.run(SPLIT);
    expect(done.code, done.stdout + done.stderr).toBe(0);
    const now = await ann.open('shop');
    const { messages } = await ann.ok('getMessages', { conversationId: now });
    const said = messages.flatMap((message) =>
      'content' in message && message.content !== '' ? [message.content] : [],
    );
    expect(said.toSorted()).toEqual(['in the right chat', textOf(0), textOf(1)]);
    expect(await ann.send(before, 'still here')).toMatchObject({ success: true });
    expect((await world.run(SPLIT)).code).toBe(0);
  });
});
