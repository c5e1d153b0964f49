import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amount } from '../../support/effort.ts';
import { withReason } from '../../support/skipped.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';
import {
  DISKS,
  guardMounts,
  mountTmpfs,
  whyNoDisk,
  whyNoTmpfs,
  type DiskType,
  type Mounted,
} from '../support/mounts.ts';
import { sweepPowerCuts } from './power-cut.ts';
import { COMMAND_NAMES, Scenario } from '../support/scenario.ts';
import { compileShim } from '../support/shim.ts';
import type { Mutation, Tally } from '../support/sweep.ts';

/*
 * The command line as it ships (bin/run.js) works on a disk whose power is cut at one call after another: nothing that was not synced
 * survives. In full it is cut at 24 calls of each command on ext4 and at 6 on XFS and btrfs.
 */
const SAMPLES: Readonly<Record<DiskType, number>> = {
  ext4: amount(1, 24),
  xfs: amount(1, 6),
  btrfs: amount(1, 6),
};
/** From so many files on a stage is made durable by one syncfs. */
const MANY = 80;
const TIMEOUT = 1_200_000;
const TYPES = ['ext4', 'xfs', 'btrfs'] as const;

const MUTATIONS: readonly (Mutation & { readonly many?: true })[] = [
  { name: 'no journal fsync', command: 'restore', drop: 'fsync:plan.json', near: /txn\/(stage|aside)\/\d+$/ },
  { name: 'no fsync of what is staged', command: 'restore', drop: 'fsync:txn/stage/', near: /committed-/ },
  { name: 'no syncfs of many files', command: 'restore', drop: 'syncfs:txn/stage', near: /committed-/, many: true },
  { name: 'no fsync of a new backup', command: 'create', drop: 'fsync:.partial-', near: /backups\/reports/ },
];

const temp: TempFolder = tempFolder();
const images = path.join(temp.path, 'images');
const mountPoint = path.join(temp.path, 'mnt');
const library = compileShim(temp.path);
const held: Mounted[] = [];
afterAll(() => {
  for (const mounted of held.toReversed()) mounted[Symbol.dispose]();
  temp[Symbol.dispose]();
});

/** Why there can be no power cut here. */
function whyNot(): string | null {
  return library === null ? 'it needs Linux and a C compiler' : whyNoTmpfs(images);
}

function whyNotOn(type: DiskType): string | null {
  fs.mkdirSync(images, { recursive: true });
  return whyNoDisk(type, path.join(images, 'try.img'), mountPoint);
}

const reason = whyNot();

describe.skipIf(reason !== null)(withReason('a power cut', reason), () => {
  const shim = library ?? '';
  const root = path.join(mountPoint, 'project');
  let small: Scenario;
  let large: Scenario;
  beforeAll(async () => {
    guardMounts(temp.path);
    held.push(mountTmpfs(images, 'size=2g'));
    small = await Scenario.make({ root, folder: path.join(images, 'small'), library: shim });
    large = await Scenario.make({ root, folder: path.join(images, 'large'), library: shim, files: MANY });
    fs.rmSync(root, { recursive: true });
  }, 120_000);
  const common = { library: shim, images, mountPoint };

  function say(what: string, { calls, tried, fired, old, new: fresh, violations }: Tally): void {
    process.stdout.write(
      `power cut, ${what}: ${calls} calls, ${tried} cuts, ${fired} fired, ${old} old, ${fresh} new, ${violations.length} violations\n`,
    );
  }

  describe.each(TYPES)('on %s', (type) => {
    const missing = reason === null ? whyNotOn(type) : null;
    const cases = [
      ...COMMAND_NAMES.map((command) => ({ command, many: false })),
      { command: 'restore' as const, many: true },
    ];

    test.skipIf(missing !== null).each(cases)(
      withReason('$command, many files: $many', missing),
      { timeout: TIMEOUT },
      async ({ command, many }) => {
        const scenario = many ? large : small;
        const tally = await sweepPowerCuts({ ...common, scenario, command, type, samples: SAMPLES[type] });
        say(`${type} (${DISKS[type].cut}), ${command}${many ? ` of ${MANY} files` : ''}`, tally);
        expect(tally.violations).toEqual([]);
        expect(tally.fired).toBe(tally.tried);
      },
    );
  });

  const noExt4 = reason === null ? whyNotOn('ext4') : null;
  test.skipIf(noExt4 !== null).each(MUTATIONS)(
    withReason('a named defect is seen: $name', noExt4),
    { timeout: TIMEOUT },
    async (mutation) => {
      const { command, many } = mutation;
      const scenario = many === true ? large : small;
      const tally = await sweepPowerCuts({ ...common, scenario, command, type: 'ext4', samples: 20, mutation });
      process.stdout.write(`power cut with "${mutation.name}": cut ${tally.tried}: ${tally.violations[0] ?? 'none'}\n`);
      expect(tally.violations).not.toEqual([]);
    },
  );
});
