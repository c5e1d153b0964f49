import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { amount, IN_SUITE } from '../../support/effort.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { LEVELDB } from './leveldb.ts';
import { makeProject, race, type Raced, type Verdict } from './race.ts';
import { sqlite } from './sqlite.ts';

interface Races {
  readonly name: string;
  readonly raced: Raced;
  readonly count: number;
  readonly keys: number;
}

const ALL: readonly Races[] = [
  { name: 'LevelDB', raced: LEVELDB, count: amount(3, 200), keys: IN_SUITE ? 20_000 : 2000 },
  { name: 'SQLite in WAL mode', raced: sqlite('wal'), count: amount(2, 200), keys: IN_SUITE ? 20_000 : 2000 },
  { name: 'SQLite in delete mode', raced: sqlite('delete'), count: amount(2, 200), keys: IN_SUITE ? 20_000 : 2000 },
];
/** A restore of the smaller database is through sooner. */
const JITTERS_MS = IN_SUITE ? 60 : 10;
/** As long as many applications wait for a lock; in every so many-th race. */
const [PATIENCE_MS, PATIENT_EVERY] = [5000, 10];

test.each(ALL)(
  'a process that opens the database ($name) while a restore runs loses no write that was acknowledged',
  { timeout: IN_SUITE ? 3_600_000 : 120_000 },
  async ({ name, raced, count, keys }) => {
    using temp = tempFolder();
    const template = path.join(temp.path, 'template');
    await makeProject(template, keys, raced);
    const verdicts: Verdict[] = [];
    for (let at = 0; at < count; at++) {
      const root = path.join(temp.path, `run-${at}`, 'project');
      fs.cpSync(template, root, { recursive: true, preserveTimestamps: true });
      const jitter = Math.round((at * JITTERS_MS) / (count - 1));
      const patience = at % PATIENT_EVERY === PATIENT_EVERY - 1 ? PATIENCE_MS : 0;
      const verdict = await race(root, keys, raced, { jitter, pause: at % 3, createIfMissing: at % 2 === 0, patience });
      verdicts.push(verdict);
      if (verdict.wrong.length === 0) fs.rmSync(path.dirname(root), { recursive: true });
    }
    process.stdout.write(`${name}, ${describe(verdicts)}\n`);
    expect(verdicts.flatMap(({ wrong }, at) => wrong.map((line) => `race ${at}: ${line}`))).toEqual([]);
    // Proof that they met: somebody tried to open the database while it was locked, or it was away.
    expect(verdicts.filter(({ refused }) => refused > 0).length).toBeGreaterThanOrEqual(count / 2);
    expect(verdicts.every(({ acknowledged }) => acknowledged > 0)).toBe(true);
  },
);

function describe(verdicts: readonly Verdict[]): string {
  const exits = Object.entries(Object.groupBy(verdicts, ({ exit }) => String(exit)));
  const counts = exits.map(([exit, each = []]) => `${each.length} with exit ${exit}`).join(', ');
  return `${verdicts.length} races: ${counts}; wrong: ${verdicts.filter(({ wrong }) => wrong.length > 0).length}`;
}
