import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { makeRealBackup } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const presets = path.join(root, 'src/core/config/presets');

/** What a command loads: the files of src/, and the names of the packages. */
function loadedBy(args: readonly string[], cwd: string) {
  const log = path.join(cwd, 'modules');
  const hook = pathToFileURL(path.join(root, 'test/support/log-modules.ts')).href;
  const main = path.join(root, 'src/main.ts');
  const env = { ...process.env, LOADED_MODULES: log, GITHUB_ACTIONS: undefined };
  const { status, stderr } = spawnSync(process.execPath, ['--import', hook, main, ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const files = readFileSync(log, 'utf8')
    .split('\n')
    .map((url) => url.split('?', 1)[0] ?? '');
  const packages = files.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]);
  const source = pathToFileURL(path.join(root, 'src')).href;
  return {
    builtins: files.filter((url) => url.startsWith('node:')),
    sources: files.filter((url) => url.startsWith(source)).map((url) => url.slice(source.length + 1)),
    packages: new Set(packages),
  };
}

/**
 * All that it takes to read the command line, to find the project and the repository, and to say what is in it. A module that is new here costs every
 * start: it belongs in the list only if reading a config or a manifest needs it.
 */
const FOR_LIST = [
  'cli/base-command.ts',
  'cli/build-facts.ts',
  'cli/cap-memory.ts',
  'cli/completion-commands.ts',
  'cli/embedded-plugin.ts',
  'cli/exit-code.ts',
  'cli/interrupt.ts',
  'cli/logger.ts',
  'cli/output.ts',
  'cli/package-files.ts',
  'cli/pasteable.ts',
  'cli/prepare-oclif.ts',
  'cli/print-annotation.ts',
  'cli/print-version.ts',
  'cli/progress.ts',
  'cli/render/command-lines.ts',
  'cli/render/findings.ts',
  'cli/render/format.ts',
  'cli/render/list.ts',
  'cli/render/style.ts',
  'cli/report-error.ts',
  'cli/run.ts',
  'cli/say.ts',
  'cli/session.ts',
  'cli/shared-flags.ts',
  'cli/tool.ts',
  'cli/usage-error.ts',
  'cli/wants-json.ts',
  'commands/index.ts',
  'commands/list.ts',
  'core/config/checkout.ts',
  'core/config/config-file.ts',
  'core/config/config-text.ts',
  'core/config/conflicts.ts',
  'core/config/extend-preset.ts',
  'core/config/git-remote.ts',
  'core/config/identity.ts',
  'core/config/load.ts',
  'core/config/preset.ts',
  ...readdirSync(presets)
    .filter((name) => name !== 'preset.ts')
    .map((name) => `core/config/presets/${name}`),
  'core/config/project.ts',
  'core/config/read-small.ts',
  'core/config/schema.ts',
  'core/databases/locks/lock-probe.ts',
  'core/databases/prover.ts',
  'core/format/id.ts',
  'core/format/layout.ts',
  'core/format/manifest-file.ts',
  'core/format/sums.ts',
  'core/format/version1.ts',
  'core/format/why-partial.ts',
  'core/fs/durable.ts',
  'core/fs/folder-owner.ts',
  'core/fs/json-ambiguity.ts',
  'core/fs/left-over.ts',
  'core/fs/regular-file.ts',
  'core/fs/temporary-file.ts',
  'core/fs/umask.ts',
  'core/history/describe-guard.ts',
  'core/history/marker-schema.ts',
  'core/history/marker.ts',
  'core/history/survivors.ts',
  'core/model/backup-error.ts',
  'core/model/database.ts',
  'core/model/engine-name.ts',
  'core/model/finding.ts',
  'core/model/format-version.ts',
  'core/model/manifest.ts',
  'core/model/nearest.ts',
  'core/model/plural.ts',
  'core/model/shell-quote.ts',
  'core/model/system-error.ts',
  'core/model/with-recommendations.ts',
  'core/model/zod.ts',
  'core/operations/list.ts',
  'core/paths/barred.ts',
  'core/paths/globs.ts',
  'core/paths/names.ts',
  'core/paths/paths.ts',
  'core/repository/backup-status.ts',
  'core/repository/catalog.ts',
  'core/repository/known-copies.ts',
  'core/repository/lock.ts',
  'core/repository/pushed-copies.ts',
  'core/repository/report-head.ts',
  'core/repository/report-subject.ts',
  'core/repository/reports.ts',
  'core/repository/whose.ts',
  'core/repository/work-folder.ts',
  'core/transaction/state-folder.ts',
  'main.ts',
];

test('list --json loads what it needs, and nothing that reads archives, changes files or opens databases', async () => {
  using backup = await makeRealBackup();
  const { builtins, packages, sources } = loadedBy(['list', '--json'], backup.root);
  expect(sources.toSorted()).toEqual(FOR_LIST);
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const ours = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => packages.has(name));
  // oclif itself loads picomatch and minimatch from source; the bundle leaves them out.
  expect(ours.toSorted()).toEqual(['@oclif/core', 'jsonc-parser', 'picomatch', 'zod']);
  expect(builtins).not.toContain('node:sqlite');
  expect(builtins).not.toContain('node:zlib');
  expect(builtins).not.toContain('node:worker_threads');
});

test('--version loads no package at all', () => {
  using folder = tempFolder();
  expect(loadedBy(['--version'], folder.path).packages).toEqual(new Set([undefined]));
});
