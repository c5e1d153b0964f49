import { describe, expect, test } from 'vitest';
import { checkCategories } from '../../src/core/config/conflicts.ts';
import { detect } from '../../src/core/config/detect.ts';
import { presetCategories } from '../../src/core/config/preset.ts';
import { findWorkspaces } from '../../src/core/config/workspaces.ts';
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

  test('none, and a package.json that is broken', () => {
    using folder = tempFolder();
    expect(findWorkspaces(folder.path)).toEqual([]);
    put(folder.path, 'package.json', '{');
    expect(findWorkspaces(folder.path)).toEqual([]);
  });
});

test('detect: what the preset does not say, which is what stands in the workspaces, with names of its own', () => {
  using folder = tempFolder();
  put(folder.path, 'package.json', '{"workspaces": ["packages/*"]}');
  putAll(folder.path, ['packages/a.b/package.json', 'packages/a-b/package.json', 'packages/a-b/deployments/x.json']);
  putAll(folder.path, ['.openzeppelin/x.json', 'scripts/deploy.js', 'packages/a.b/.openzeppelin/y.json']);
  const { categories, added, workspaces } = detect(folder.path, {});
  expect(workspaces).toEqual(['packages/a-b', 'packages/a.b']);
  expect(
    added.flatMap(({ name, sources }) => sources.map((source) => `${name}/${source.name}=${source.path}`)),
  ).toEqual([
    'legacy-json/packages-a-b-deployments=packages/a-b/deployments',
    'configs/packages-a-b-files=packages/a-b',
    'configs/2-packages-a-b-files=packages/a.b',
    'proxies/packages-a-b-manifests=packages/a.b/.openzeppelin',
  ]);
  const sources = categories.flatMap((category) => category.sources);
  expect(sources).toEqual(
    expect.arrayContaining([...presetCategories(folder.path, {}), ...added].flatMap((category) => category.sources)),
  );
  checkCategories(categories, 'detected');
});
