import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amount } from '../../support/effort.ts';
import { withReason } from '../../support/skipped.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { FullDisk } from './full-disk.ts';
import { guardMounts, whyNoTmpfs } from '../support/mounts.ts';
import { COMMAND_NAMES, Scenario } from '../support/scenario.ts';
import { compileShim } from '../support/shim.ts';

/*
 * The command line as it ships (bin/run.js) on a real disk that is full: a tmpfs with room for so many pages or files and no more.
 * One that somebody else fills while the command runs is tried too, since too small a one is refused before anything is done.
 */
const FILLS = amount(1, 12);
const TIMEOUT = 1_200_000;

const temp: TempFolder = tempFolder();
const mountPoint = path.join(temp.path, 'mnt');
const library = compileShim(temp.path);
afterAll(() => temp[Symbol.dispose]());

function whyNot(): string | null {
  return library === null ? 'it needs Linux and a C compiler' : whyNoTmpfs(mountPoint);
}

const reason = whyNot();
describe.skipIf(reason !== null)(withReason('a full disk', reason), () => {
  let scenario: Scenario;
  beforeAll(async () => {
    guardMounts(temp.path);
    const root = path.join(mountPoint, 'project');
    scenario = await Scenario.make({ root, folder: path.join(temp.path, 'states'), library: library ?? '' });
    fs.rmSync(root, { recursive: true });
  }, 120_000);

  test.each(COMMAND_NAMES)('%s', { timeout: TIMEOUT }, async (command) => {
    const { disk, calls } = await FullDisk.make({ scenario, command, library: library ?? '', mountPoint });
    for (const what of ['bytes', 'inodes'] as const) await disk.sweepSizes(what);
    const sizes = disk.tally.tried;
    for (let nth = 0; nth < FILLS; nth++) await disk.run({ at: 1 + Math.floor(((nth + 0.5) * calls) / FILLS) });
    const { tried, fired, violations, ...states } = disk.tally;
    process.stdout.write(
      `full disk, ${command}: ${sizes} sizes and ${tried - sizes} times filled at one of ${calls} calls, ${fired} had no room, ${states.old} old, ${states.new} new, ${violations.length} violations\n`,
    );
    expect(violations).toEqual([]);
  });
});
