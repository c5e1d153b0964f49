import { rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkCategories } from '../../src/core/config/conflicts.ts';
import { detect } from '../../src/core/config/detect.ts';
import { loadConfig } from '../../src/core/config/load.ts';
import { findWorkspaces } from '../../src/core/config/workspaces.ts';
import { Ownership } from '../../src/core/scan/ownership.ts';
import { put, putAll } from '../support/files.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('findWorkspaces', () => {
  test.each([
    ['a list', '{"workspaces": ["packages/*", "./tools/cli/"]}'],
    ['an object', '{"workspaces": {"packages": ["packages/*", "tools/cli"]}}'],
  ])('package.json: %s', (_, text) => {
    using folder = tempFolder();
    put(folder.path, 'package.json', text);
    putAll(folder.path, [
      'packages/a/package.json',
      'packages/b/package.json',
      'packages/none/x',
      'tools/cli/package.json',
    ]);
    put(folder.path, 'packages/a/node_modules/dep/package.json');
    expect(findWorkspaces(folder.path)).toEqual(['packages/a', 'packages/b', 'tools/cli']);
  });

  test('pnpm-workspace.yaml, with exclusions and **', () => {
    using folder = tempFolder();
    put(
      folder.path,
      'pnpm-workspace.yaml',
      'packages:\n  # all\n  - \'apps/**\'\n  - "!apps/old"\n  - libs/x # one\ncatalog:\n  - no/no\n',
    );
    putAll(folder.path, [
      'apps/a/package.json',
      'apps/deep/b/package.json',
      'apps/old/package.json',
      'libs/x/package.json',
      'no/no/package.json',
    ]);
    expect(findWorkspaces(folder.path)).toEqual(['apps/a', 'apps/deep/b', 'libs/x']);
  });

  test('lerna.json', () => {
    using folder = tempFolder();
    put(folder.path, 'lerna.json', '{"packages": ["modules/*"]}');
    putAll(folder.path, ['modules/a/package.json', 'modules/README.md']);
    expect(findWorkspaces(folder.path)).toEqual(['modules/a']);
  });

  test('members of Cargo and uv, also over several lines and with comments', () => {
    using folder = tempFolder();
    put(
      folder.path,
      'Cargo.toml',
      '[package]\nmembers = ["no"]\n\n[workspace] # all\nmembers = [\n  "programs/*", # "old/*"\n  \'crates/x\',\n]\nexclude = ["programs/old"]\n\n[profile.release]\nmembers = ["no"]\n',
    );
    put(folder.path, 'pyproject.toml', '[tool.uv.workspace]\nmembers = ["py/*"]\n');
    putAll(folder.path, [
      'programs/a/Cargo.toml',
      'programs/old/Cargo.toml',
      'crates/x/Cargo.toml',
      'crates/y/Cargo.toml',
    ]);
    putAll(folder.path, ['py/one/pyproject.toml', 'py/two/x.py', 'no/Cargo.toml', 'old/a/Cargo.toml']);
    expect(findWorkspaces(folder.path)).toEqual(['crates/x', 'programs/a', 'py/one']);
  });

  test('projects of Nx have a project.json', () => {
    using folder = tempFolder();
    put(folder.path, 'nx.json', '{}');
    putAll(folder.path, ['apps/shop/project.json', 'libs/a/b/project.json', 'apps/none/x']);
    expect(detect(folder.path, {}).workspaces).toEqual(['apps/shop', 'libs/a/b']);
    rmSync(path.join(folder.path, 'nx.json'));
    expect(detect(folder.path, {}).workspaces).toEqual([]);
  });

  test('no pattern leads out of the project, into links, or takes for ever', () => {
    using folder = tempFolder();
    using outside = tempFolder();
    putAll(outside.path, ['a/package.json']);
    const patterns = [
      '../*',
      '/etc/*',
      'linked/*',
      'in/linked',
      '.',
      '*'.repeat(99),
      '{a,'.repeat(40),
      'a\u0007/*',
      'in/../../*',
    ];
    put(folder.path, 'package.json', JSON.stringify({ workspaces: [...patterns, 'in/*', 7, null, 'node_modules/*'] }));
    putAll(folder.path, ['in/a/package.json', 'node_modules/x/package.json']);
    symlinkSync(outside.path, path.join(folder.path, 'linked'));
    symlinkSync(outside.path, path.join(folder.path, 'in/linked'));
    expect(findWorkspaces(folder.path)).toEqual(['in/a']);
  });

  test('none, and a package.json that is broken', () => {
    using folder = tempFolder();
    expect(findWorkspaces(folder.path)).toEqual([]);
    put(folder.path, 'package.json', '{');
    expect(findWorkspaces(folder.path)).toEqual([]);
  });
});

/** `preset folder because`, one each. */
function found(root: string): string[] {
  return detect(root, {}).found.map(({ preset, folder, because }) => `${preset} ${folder} ${because}`);
}

describe('detect', () => {
  test('several presets at once, in the project and its workspaces, and why', () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{"workspaces": ["packages/*"], "devDependencies": {"hardhat-deploy": "1"}}');
    putAll(folder.path, ['foundry.toml', 'hardhat.config.ts', 'packages/a/package.json', 'packages/a/addresses.json']);
    put(folder.path, 'packages/b/package.json', '{"dependencies": {"knex": "3"}}');
    expect(found(folder.path)).toEqual([
      'hardhat . hardhat.config.ts',
      'hardhat-deploy . hardhat-deploy in package.json',
      'foundry . foundry.toml',
      'project . package.json',
      'registries packages/a addresses.json',
      'project packages/a package.json',
      'knex packages/b knex in package.json',
      'project packages/b package.json',
    ]);
  });

  test('a folder that is no workspace is found by what only its framework has, and then all else in it counts', () => {
    using folder = tempFolder();
    put(folder.path, 'evm/package.json', '{"dependencies": {"hardhat-deploy": "1"}}');
    putAll(folder.path, [
      'evm/foundry.toml',
      'evm/addresses.json',
      'programs/sol/Anchor.toml',
      'v2/tasks/2021-vault/output/mainnet.json',
    ]);
    putAll(folder.path, [
      'site/src/addresses.json',
      'site/package.json',
      'sui/pkg/Move.toml',
      'db/prisma/schema.prisma',
    ]);
    putAll(folder.path, [
      'evm/lib/forge-std/foundry.toml',
      'test/fixtures/x/foundry.toml',
      'vendored/foundry.toml',
      'vendored/.git',
    ]);
    put(folder.path, 'node_modules/x/foundry.toml');
    expect(found(folder.path)).toEqual([
      'prisma db prisma/schema.prisma',
      'hardhat-deploy evm hardhat-deploy in package.json',
      'foundry evm foundry.toml',
      'registries evm addresses.json',
      'project evm package.json',
      'anchor programs/sol Anchor.toml',
      'move sui/pkg Move.toml',
      'project sui/pkg Move.toml',
      'registries v2 tasks/2021-vault/output',
    ]);
  });

  test('what presets cover in workspaces has names of its own, and a config says no more than where they apply', () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{"workspaces": ["packages/*"]}');
    putAll(folder.path, ['packages/a.b/package.json', 'packages/a-b/package.json', 'packages/a-b/deployments/x.json']);
    putAll(folder.path, ['.openzeppelin/x.json', 'scripts/deploy.js', 'packages/a.b/.openzeppelin/y.json']);
    const { categories, applied, added, workspaces } = detect(folder.path, {});
    expect(workspaces).toEqual(['packages/a-b', 'packages/a.b']);
    expect(Object.fromEntries(applied)).toEqual({
      registries: ['packages/a-b'],
      project: ['packages/a-b', 'packages/a.b'],
      openzeppelin: ['packages/a.b'],
    });
    expect(added).toEqual([]);
    checkCategories(categories, 'detected');
    const owner = new Ownership(categories);
    const owned = (file: string): string => `${owner.ownerOf(file)?.category}/${owner.ownerOf(file)?.name}`;
    expect(owned('packages/a-b/deployments/x.json')).toBe('legacy-json/packages-a-b-deployments');
    expect(owned('packages/a-b/package.json')).toBe('configs/packages-a-b-files');
    expect(owned('packages/a.b/package.json')).toBe('configs/2-packages-a-b-files');
    expect(owned('packages/a.b/.openzeppelin/y.json')).toBe('proxies/packages-a-b-manifests');
    expect(owner.ownerOf('packages/a.b/.openzeppelin/y.json')).toMatchObject({ external: true });
    // A config that says so has the same sources in the same order.
    put(
      folder.path,
      'migbackup.config.json',
      JSON.stringify({ preset: 'default', presets: Object.fromEntries(applied) }),
    );
    expect(loadConfig(folder.path, { env: {} }).config.categories).toEqual(categories);
  });

  test('a package.json and names that are hostile find nothing and break nothing', () => {
    using folder = tempFolder();
    put(folder.path, 'package.json', `{"workspaces": ["p/*"], "dependencies": ${'['.repeat(100_000)}`);
    put(folder.path, 'p/a/package.json', '{"workspaces": 3, "dependencies": ["hardhat"], "devDependencies": null}');
    put(folder.path, 'p/\u001b[2Jb/foundry.toml');
    put(folder.path, 'addresses\u001b[2J.json');
    expect(found(folder.path)).toEqual(['registries . addresses\u001b[2J.json', 'project . package.json']);
  });
});
