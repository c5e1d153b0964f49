import path from 'node:path';
import { expect, test } from 'vitest';
import { choose } from '../../src/core/audit/sample.ts';
import type { Entry } from '../../src/core/model/entry.ts';
import { put } from '../support/files.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a sample of a small backup reads at least one file, says how many of how many, and the same ones with the same seed', async () => {
  using temp = tempFolder();
  const root = path.join(temp.path, 'project');
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) put(root, `docs/${name}.md`);
  expect((await runCli(['create'], { cwd: root })).exitCode).toBe(0);
  // By chance alone, none of these would read anything.
  for (const seed of ['1', '2']) {
    const verify = async (): Promise<{ scope: object; totals: object }> =>
      JSON.parse((await runCli(['verify', '--sample', '0.01%', '--seed', seed, '--json'], { cwd: root })).stdout);
    const { scope, totals } = await verify();
    expect(scope).toEqual({ mode: 'sample', samplePercent: 0.01, seed, filesChecked: 1 });
    expect(totals).toMatchObject({ files: 6 });
    expect(await verify()).toMatchObject({ scope, totals });
  }
  const { stdout } = await runCli(['verify', '--sample', '0.01%', '--seed', '1'], { cwd: root });
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'sample: 1 of 6 files (0.01%), seed 1; this does not count as verified',
  );
});

test('the file that a sample reads in any case is another one for another seed', () => {
  const files = ['a', 'b', 'c', 'd', 'e', 'f'].map(fileAt);
  const read = new Map<string, number>();
  for (let seed = 0; seed < 300; seed++) {
    const { select } = choose({ mode: 'sample', samplePercent: 0.001, seed: String(seed) }, files.length);
    const chosen = [folderAt('.'), ...files].filter((entry) => select?.(entry) === true && entry.type === 'file');
    expect(chosen).toHaveLength(1);
    for (const { path: name } of chosen) read.set(name, (read.get(name) ?? 0) + 1);
  }
  expect(read.size).toBe(6);
  expect(Math.min(...read.values())).toBeGreaterThan(25);
});

test('nothing is in an empty backup, and nothing of it is read', () => {
  const { select } = choose({ mode: 'sample', samplePercent: 1, seed: '1' }, 0);
  expect(select?.(folderAt('docs'))).toBe(false);
});

function fileAt(at: string): Entry {
  return { ...folderAt(at), type: 'file', sha256: '0'.repeat(64) };
}

function folderAt(at: string): Entry {
  const none = { size: 0, mode: 0o644, mtimeNs: 0n, uid: 0, gid: 0, offset: 0 };
  return { category: 'docs', source: 'docs', path: at, type: 'dir', ...none };
}
