import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ABILITY_NAMES,
  SAFETY_TABLES,
  VERBS,
  type Ability,
  type SafetyRow,
  type SafetyScene,
} from '../../contract/index.js';
import { startServer, type TestServer } from '../support/server.js';
import { createStage, PROBES, speakAgain, USE } from './support/probes.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Case {
  scene: SafetyScene;
  row: SafetyRow;
  ability: Ability;
  side: 'mine' | 'theirs';
  name: string;
}

const casesOf = (scene: SafetyScene): Case[] =>
  SAFETY_TABLES[scene].flatMap((row) =>
    ABILITY_NAMES.filter((ability) => row.cells[ability] !== undefined).flatMap((ability) =>
      (['mine', 'theirs'] as const).map((side) => {
        const outcome = row.cells[ability]?.[side === 'mine' ? 0 : 1];
        const name = `${row.verb}, ${scene}: ${ability} of ${side === 'mine' ? 'who used it' : 'the other'}: ${outcome}`;
        return { scene, row, ability, side, name };
      }),
    ),
  );

describe.for(['direct', 'unmet', 'group'] as const)('in a %s conversation', (scene) => {
  test.for(casesOf(scene).map((one) => [one.name, one] as const))('%s', async ([, one]) => {
    const stage = await createStage(server, one.scene);
    await USE[one.row.verb](stage);
    if (one.row.about === 'since') await speakAgain(stage);
    const expected = one.row.cells[one.ability]?.[one.side === 'mine' ? 0 : 1];
    expect(await PROBES[one.ability](stage[one.side])).toBe(expected);
  });
});

test('every verb has a row, and every row of a direct conversation has all cells', () => {
  expect(SAFETY_TABLES.direct.map(({ verb }) => verb)).toEqual(Object.keys(VERBS));
  for (const { cells } of SAFETY_TABLES.direct) {
    expect(Object.keys(cells).sort()).toEqual([...ABILITY_NAMES].sort());
  }
});
