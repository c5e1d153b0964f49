import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the linter says about one import in one file: the names of the rules it breaks. */
function brokenRules(file: string, imported: string): string[] {
  using folder = tempFolder();
  copyFileSync(path.join(root, '.oxlintrc.json'), path.join(folder.path, '.oxlintrc.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder.path, 'node_modules'));
  const target = path.join(folder.path, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, `import { something } from '${imported}';\nexport const it = something;\n`);
  const oxlint = path.join(root, 'node_modules/oxlint/bin/oxlint');
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'json', file], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  const { diagnostics }: { diagnostics: { code: string }[] } = JSON.parse(stdout);
  return [...new Set(diagnostics.map(({ code }) => code))];
}

const RULE = ['eslint(no-restricted-imports)'];

test.each([
  ['src/core/archive/tar.ts', '../repository/catalog.ts'],
  ['src/core/archive/deep/tar.ts', '../../repository/catalog.ts'],
  ['src/core/repository/lock.ts', '../transaction/swap.ts'],
  ['src/core/config/load.ts', '../repository/catalog.ts'],
  ['src/core/model/entry.ts', '../fs/paths.ts'],
  ['src/core/paths/paths.ts', '../model/entry.ts'],
  ['src/core/transaction/swap.ts', '../operations/create.ts'],
  ['src/core/checks/coverage.ts', '../operations/create.ts'],
  ['src/core/operations/create.ts', '../../cli/output.ts'],
  ['src/core/operations/create.ts', '@oclif/core'],
  ['src/core/repository/lock.ts', 'pino'],
  ['src/cli/session.ts', '../core/operations/create.ts'],
  ['src/cli/render/create.ts', '../../core/repository/catalog.ts'],
  ['src/cli/run.ts', '../commands/create.ts'],
  ['src/commands/create.ts', '../core/repository/catalog.ts'],
  ['src/commands/create.ts', '../core/config/project.ts'],
])('%s must not import %s', (file, imported) => expect(brokenRules(file, imported)).toEqual(RULE));

test.each([
  ['src/core/archive/tar.ts', '../fs/paths.ts'],
  ['src/core/transaction/swap.ts', '../archive/reader.ts'],
  ['src/core/paths/paths.ts', '../model/backup-error.ts'],
  ['src/core/model/entry.ts', 'zod'],
  ['src/cli/render/create.ts', '../../core/fs/names.ts'],
  ['src/commands/create.ts', '../core/operations/create.ts'],
])('%s may import %s', (file, imported) => expect(brokenRules(file, imported)).toEqual([]));
