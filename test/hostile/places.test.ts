import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkManifestAgrees } from '../../src/core/checks/manifest-agrees.ts';
import { absentProblem } from '../../src/core/checks/absent-path.ts';
import { restore, type RestoreOptions } from '../../src/core/operations/restore.ts';
import { absentToRemove } from '../../src/core/change/plan-restore.ts';
import { readManifest } from '../../src/core/format/manifest-file.ts';
import { put } from '../support/files.ts';
import { context, makeRealBackup, type RealBackup } from '../support/real-backup.ts';
import { makeCategories } from '../support/source.ts';

let backup: RealBackup;
beforeEach(async () => {
  backup = await makeRealBackup();
});
afterEach(() => backup[Symbol.dispose]());

function run(project: RealBackup['project'], options: Partial<RestoreOptions> = {}) {
  const selected = { id: backup.id, folder: backup.folder, dispose() {} };
  const defaults = { only: [], allowUnsafeLinks: true, exact: false, dryRun: false, safetyBackup: true };
  return restore(project, selected, { ...defaults, confirm: () => Promise.resolve(true), ...options }, context);
}

describe('sources that this project does not have', () => {
  const narrow = () => {
    const categories = makeCategories({ docs: [{ path: 'docs' }] });
    return { ...backup.project, config: { ...backup.project.config, categories } };
  };

  test('are refused in place, also for a dry run, and nothing is changed', async () => {
    rmSync(path.join(backup.root, 'package.json'));
    for (const dryRun of [false, true])
      await expect(run(narrow(), { dryRun })).rejects.toMatchObject({ code: 'UNSAFE_ARCHIVE' });
    expect(existsSync(path.join(backup.root, 'package.json'))).toBe(false);
  });

  test('are restored when they are accepted', async () => {
    rmSync(path.join(backup.root, 'package.json'));
    await run(narrow(), { acceptSources: true });
    expect(existsSync(path.join(backup.root, 'package.json'))).toBe(true);
  });
});

describe('what a safety backup may call absent', () => {
  const judged = (...paths: string[]) => {
    const manifest = { ...readManifest(backup.folder), kind: 'safety' as const, absent: paths };
    manifest.categories = { docs: { ...Object.values(manifest.categories)[0]!, sources: [source('docs/main')] } };
    return paths.map((each) => absentProblem(manifest, each));
  };
  const source = (at: string) => ({
    name: 'm',
    path: at,
    type: 'files' as const,
    exclusive: false,
    external: false,
    files: 0,
    bytes: 0,
  });

  test('is in a source, or above one', () => {
    expect(judged('docs/main', 'docs/main/a.md', 'docs')).toEqual([null, null, null]);
  });

  test.each([
    'src',
    'docs/other',
    '../x',
    '/etc',
    '.migbackup/x',
    'docs/main/.git',
    'docs/main/.GIT/hooks',
    'docs/main/node_modules',
    '.npmrc',
  ])('is not %s', (each) => {
    expect(judged(each)[0]).toEqual(expect.any(String));
  });

  test('verify names it', () => {
    const manifest = { ...readManifest(backup.folder), absent: ['.git'] };
    expect(checkManifestAgrees(manifest).map(({ message }) => message)).toContain(
      'manifest absent: unsafe path .git: ".git" is never removed',
    );
  });

  test('what stands in it now and is in no source stays', () => {
    const { root } = backup;
    put(root, 'made/a.json');
    put(root, 'made/b.json');
    mkdirSync(path.join(root, 'bare'));
    expect(absentToRemove(root, 'made', new Set(['made', 'made/a.json', 'made/b.json']))).toEqual(['made']);
    expect(absentToRemove(root, 'made', new Set(['made', 'made/a.json']))).toEqual(['made/a.json']);
    expect(absentToRemove(root, 'made', new Set(['made/a.json', 'made/b.json']))).toEqual(['made']);
    expect(absentToRemove(root, 'bare', new Set())).toEqual([]);
    writeFileSync(path.join(root, 'made/LOCK'), '');
    expect(absentToRemove(root, 'made', new Set(['made', 'made/a.json', 'made/b.json']))).toEqual(['made']);
    expect(absentToRemove(root, 'nowhere', new Set(['nowhere']))).toEqual([]);
  });
});
