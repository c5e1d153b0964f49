import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import { create } from '../../src/core/operations/create.ts';
import { init } from '../../src/core/operations/init.ts';
import { restore } from '../../src/core/operations/restore.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { compareTrees, readTree, type Tree } from '../support/compare-trees.ts';
import { FRAMEWORKS, type Framework, putFramework } from '../support/frameworks.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

const OURS = ['backups', '.migbackup'];
/** What init writes or edits is not part of the sample. */
const WRITTEN = ['migbackup.config.json', '.gitignore'];

/** What a finding says that it is about. */
interface About {
  readonly path?: string | undefined;
  readonly affects?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
}

/** Whether a finding is about a path or a folder that holds it. */
function names({ path: one, affects = [], paths = [] }: About, file: string): boolean {
  const all = [...affects, ...paths];
  const about = all.length > 0 || one === undefined ? all : [one];
  return about.some((place) => place === file || file.startsWith(`${place}/`));
}

/** The part of a tree that is at these files. */
function only(tree: Tree, files: readonly string[]): Tree {
  return new Map([...tree].filter(([file]) => files.includes(file)));
}

async function restoreAll(root: string, id: string): Promise<void> {
  const project = resolveProject({ cwd: root, env: {} });
  const selected = { id, folder: path.join(project.repository, id), dispose() {} };
  const options = { only: [], allowUnsafeLinks: true, exact: false, dryRun: false, safetyBackup: true };
  await restore(project, selected, { ...options, confirm: () => Promise.resolve(true) }, context);
}

function deleteEverything(root: string): void {
  for (const name of readdirSync(root)) if (!OURS.includes(name)) rmSync(path.join(root, name), { recursive: true });
}

function includeSecrets(root: string): void {
  const file = path.join(root, 'migbackup.config.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('{', '{\n  "includeSecrets": true,'));
}

test.each(FRAMEWORKS.map((framework) => [framework.name, framework] as const))(
  '%s: found, and each file has one owner',
  async (_, framework) => {
    using folder = tempFolder();
    putFramework(folder.path, framework);
    const { found } = await init(folder.path, { env: {} }, context);
    expect(found.map(({ preset, folder: place }) => `${preset} ${place}`)).toEqual(framework.found);
    expect(found.every(({ applied }) => applied)).toBe(true);
    const { config } = resolveProject({ cwd: folder.path, env: {} });
    const ownership = new Ownership(config.categories);
    const owner = (file: string): string | undefined => {
      const source = ownership.ownerOf(file);
      return source && `${source.category}/${source.name}`;
    };
    expect(Object.fromEntries(Object.keys(framework.covered).map((file) => [file, owner(file)]))).toEqual(
      framework.covered,
    );
    expect((framework.secret ?? []).filter((file) => owner(file) === undefined)).toEqual([]);
    expect([...framework.silent, ...(framework.named ?? [])].filter((file) => owner(file) !== undefined)).toEqual([]);
  },
);

async function roundTrip(framework: Framework, secrets: boolean): Promise<void> {
  using folder = tempFolder();
  const root = folder.path;
  putFramework(root, framework);
  const { findings: gaps } = await init(root, { env: {} }, context);
  if (secrets) includeSecrets(root);
  const before = readTree(root, OURS);
  const { backupId, findings } = await create(
    resolveProject({ cwd: root, env: {} }),
    { verify: true, allowPartial: false },
    context,
  );
  const { named = [], secret = [], silent } = framework;
  const all: About[] = [...gaps, ...findings];
  expect([...named, ...secret].filter((file) => !all.some((finding) => names(finding, file)))).toEqual([]);
  expect(silent.filter((file) => all.some((finding) => names(finding, file)))).toEqual([]);

  const stored = [...Object.keys(framework.covered), ...(secrets ? secret : []), ...WRITTEN.slice(0, 1)];
  deleteEverything(root);
  // The config comes back first, so that it says what is this project's.
  await restoreAll(root, backupId);
  const after = readTree(root, OURS);
  expect(compareTrees(only(before, stored), only(after, stored))).toEqual([]);
  const extra = [...after].filter(([file, { type }]) => type !== 'dir' && !stored.includes(file)).map(([file]) => file);
  expect(extra).toEqual([]);
}

test.each(FRAMEWORKS.map((framework) => [framework.name, framework] as const))(
  '%s: what is named and silent, and everything that is stored comes back exactly after it was deleted',
  (_, framework) => roundTrip(framework, false),
);

test.each(
  FRAMEWORKS.filter(({ secret = [] }) => secret.length > 0).map((framework) => [framework.name, framework] as const),
)('%s: secrets too, where the config includes them', (_, framework) => roundTrip(framework, true));
