import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { showsMappedWrites } from '../../../src/core/fs/mapped-files.ts';
import { amount, IN_SUITE } from '../../support/effort.ts';
import { put } from '../../support/files.ts';
import { runCli } from '../../support/run-cli.ts';
import { withReason } from '../../support/skipped.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { compileMapper, startMapper } from './mapper.ts';

const CAPTURES = amount(2, 100);
const SIZE = 8 << 20;
const SMALL = 64 << 10;
const TIMEOUT = IN_SUITE ? 3_600_000 : 60_000;

const folder = tempFolder();
const program = compileMapper(folder.path);
const noProgram = program === null ? 'it takes Linux and a C compiler' : null;
const notShown =
  noProgram ??
  (showsMappedWrites(folder.path) ? null : 'the folder for temporary files shows no writes through memory');
const noTmpfs = noProgram ?? (fs.existsSync('/dev/shm') ? null : 'there is no /dev/shm');

/** Whether bytes are what the file held at some moment: a round from its begin on, the round before it from there to the end. */
function isOneMoment(bytes: Buffer): boolean {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  const [first = 0n] = words;
  const border = words.findIndex((word) => word !== first);
  return border < 0 || words.subarray(border).every((word) => word === first - 1n);
}

describe.each([
  ['a big file', SIZE],
  ['a small file', SMALL],
])('%s that another process rewrites through memory', (_, size) => {
  test.skipIf(notShown !== null)(
    withReason('is stored as it was at one moment, or not', notShown),
    { timeout: TIMEOUT },
    async () => {
      const root = path.join(folder.path, String(size));
      const file = path.join(root, 'deployments/mapped.bin');
      put(root, 'package.json', '{}');
      put(root, 'deployments/mapped.bin', '');
      const ended: Record<string, number> = {};
      const torn: number[] = [];
      for (let round = 0; round < CAPTURES; round++) {
        // From writing all the time to long pauses.
        const pause = [400, 0, 50, 400][round % 4] ?? 0;
        await using _mapper = await startMapper(program ?? '', file, size, pause);
        const { exitCode, stdout } = await runCli(['create', '--json', '--no-verify'], { cwd: root });
        expect([0, 5], stdout).toContain(exitCode);
        ended[String(exitCode)] = (ended[String(exitCode)] ?? 0) + 1;
        if (exitCode !== 0) continue;
        const to = path.join(root, 'restored');
        expect(await runCli(['restore', '--latest', '--to', to], { cwd: root })).toMatchObject({ exitCode: 0 });
        if (!isOneMoment(fs.readFileSync(path.join(to, 'deployments/mapped.bin')))) torn.push(round);
        fs.rmSync(to, { recursive: true });
        fs.rmSync(path.join(root, 'backups'), { recursive: true });
      }
      process.stderr.write(`${size} bytes rewritten through memory: exit codes ${JSON.stringify(ended)}\n`);
      expect(torn).toEqual([]);
      if (IN_SUITE) expect(ended['0'] ?? 0).toBeGreaterThan(0);
    },
  );
});

test.skipIf(noTmpfs !== null)(
  withReason('in memory, where it does not show, it is named as not proven', noTmpfs),
  async () => {
    using memory = tempFolder('migbackup-test-', '/dev/shm');
    put(memory.path, 'package.json', '{}');
    const file = path.join(memory.path, 'deployments/mapped.bin');
    put(memory.path, 'deployments/mapped.bin', '');
    await using _mapper = await startMapper(program ?? '', file, SMALL, 0);
    const { exitCode, stdout } = await runCli(['create', '--json', '--backups', path.join(folder.path, 'b')], {
      cwd: memory.path,
    });
    expect(exitCode).toBe(0);
    const { findings }: { findings: { code: string; path: string }[] } = JSON.parse(stdout);
    expect(findings.map(({ code, path: about }) => `${code} ${about}`)).toEqual([
      'file-not-proven deployments/mapped.bin',
    ]);
  },
);
