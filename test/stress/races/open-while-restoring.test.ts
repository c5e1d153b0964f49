import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { amount, IN_SUITE } from '../../support/effort.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { makeProject, race, type Verdict } from './race.ts';

const RACES = amount(6, 200);
const KEYS = IN_SUITE ? 20_000 : 2000;
/** A restore of the smaller database is through sooner. */
const JITTERS_MS = IN_SUITE ? 60 : 10;

test(
  'a process that opens the database while a restore runs loses no write that was acknowledged',
  { timeout: IN_SUITE ? 3_600_000 : 120_000 },
  async () => {
    using temp = tempFolder();
    const template = path.join(temp.path, 'template');
    await makeProject(template, KEYS);
    const verdicts: Verdict[] = [];
    for (let at = 0; at < RACES; at++) {
      const root = path.join(temp.path, `run-${at}`, 'project');
      fs.cpSync(template, root, { recursive: true, preserveTimestamps: true });
      const jitter = Math.round((at * JITTERS_MS) / (RACES - 1));
      const verdict = await race(root, KEYS, { jitter, pause: at % 3, createIfMissing: at % 2 === 0 });
      verdicts.push(verdict);
      if (verdict.wrong.length === 0) fs.rmSync(path.dirname(root), { recursive: true });
    }
    process.stdout.write(`${describe(verdicts)}\n`);
    expect(verdicts.flatMap(({ wrong }, at) => wrong.map((line) => `race ${at}: ${line}`))).toEqual([]);
    // Proof that they met: somebody tried to open the database while it was locked, or its folder was away.
    expect(verdicts.filter(({ refused }) => refused > 0).length).toBeGreaterThan(RACES / 2);
    expect(verdicts.every(({ acknowledged }) => acknowledged > 0)).toBe(true);
  },
);

function describe(verdicts: readonly Verdict[]): string {
  const exits = Object.entries(Object.groupBy(verdicts, ({ exit }) => String(exit)));
  const counts = exits.map(([exit, each = []]) => `${each.length} with exit ${exit}`).join(', ');
  return `${verdicts.length} races: ${counts}; wrong: ${verdicts.filter(({ wrong }) => wrong.length > 0).length}`;
}
