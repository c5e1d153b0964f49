import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { create } from '../../src/core/operations/create.ts';
import { compareTrees, readTree } from '../support/compare-trees.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { cliCommand } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

function has(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const tools = has('zstd') && has('tar') && has('sha256sum');

let backup: RealBackup;
const temp = tempFolder();
beforeAll(async () => {
  backup = await makeRealBackup();
});
afterAll(() => {
  backup[Symbol.dispose]();
  temp[Symbol.dispose]();
});

/** By hand, times come back in whole seconds; everything else must be equal. */
function differences(folder: string): string[] {
  const before = readTree(backup.root, ['backups', '.migbackup']);
  return compareTrees(before, readTree(folder)).filter((line) => !line.includes(': time was'));
}

function bash(script: string, env: Record<string, string> = {}): string {
  return execFileSync('bash', ['-c', script], {
    cwd: backup.folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

test.skipIf(!tools)('tar, zstd and sha256sum alone check and unpack a backup', () => {
  const target = path.join(temp.path, 'unpacked');
  mkdirSync(target);
  bash('sha256sum -c --quiet checksums/ARTIFACTS.sha256');
  bash('for a in *.tar.zst; do zstd -dc "$a" | tar -xpf - -C "$T" || exit 1; done', { T: target });
  bash('cd "$T" && sha256sum -c --quiet "$B/checksums/SHA256SUMS"', { T: target, B: backup.folder });
  expect(differences(target)).toEqual([]);
});

test.skipIf(!tools)('the shell blocks of RESTORE_PROCEDURES.md run as they stand (with the same tools)', () => {
  const bin = path.join(temp.path, 'bin');
  mkdirSync(bin);
  const program = cliCommand()
    .map((word) => `"${word}"`)
    .join(' ');
  writeFileSync(path.join(bin, 'migbackup'), `#!/bin/sh\nexec ${program} "$@" --root "${backup.root}"\n`);
  chmodSync(path.join(bin, 'migbackup'), 0o755);
  const text = readFileSync(path.join(backup.folder, 'RESTORE_PROCEDURES.md'), 'utf8');
  expect(text).toMatch(/^Taken \d{4}-\d{2}-\d{2}T\S+ by migbackup /m);
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');
  expect(blocks).toHaveLength(4);
  const target = path.join(temp.path, 'by procedure');
  bash(`set -e\n${blocks.join('\n')}`, { TARGET: target, PATH: `${bin}:${process.env['PATH']}` });
  expect(differences(target)).toEqual([]);
});

test('the same tree gives the same archives, byte for byte', async () => {
  const again = await create(backup.project, { verify: false, allowPartial: false }, context);
  const archives = readdirSync(backup.folder).filter((name) => name.endsWith('.zst'));
  expect(archives.length).toBeGreaterThan(5);
  for (const name of archives) {
    const [first, second] = [backup.folder, again.folder].map((folder) => readFileSync(path.join(folder, name)));
    expect(second?.equals(first ?? Buffer.alloc(0)), name).toBe(true);
  }
});
