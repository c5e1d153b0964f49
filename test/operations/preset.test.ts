import { expect, test } from 'vitest';
import { renderPresetList, renderPresetShow } from '../../src/cli/render/preset.ts';
import { paint } from '../../src/cli/render/style.ts';
import { PRESETS } from '../../src/core/config/presets/all-presets.ts';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Project } from '../../src/core/model/category.ts';
import { presetListReportSchema, presetShowReportSchema } from '../../src/core/model/preset-report.ts';
import { presetList, presetShow } from '../../src/core/operations/preset.ts';
import { put, putAll } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder } from '../support/temp-folder.ts';

const plain = paint(process.stdout);

function projectIn(root: string): Project {
  return resolveProject({ cwd: root, env: {} });
}

test('the list says which presets are found, where they apply, and changes nothing', async () => {
  using folder = tempFolder();
  put(folder.path, 'migbackup.config.json', '{"presets": {"foundry": ["evm"], "truffle": ["."]}}');
  putAll(folder.path, ['evm/foundry.toml', 'evm/addresses\u001b[2J.json']);
  const report = presetListReportSchema.parse(await presetList(projectIn(folder.path), {}, context));
  expect(report.presets.map(({ name }) => name)).toEqual(PRESETS.map(({ name }) => name));
  expect(report.presets.filter(({ found, applied }) => found.length > 0 || applied.length > 0)).toEqual([
    expect.objectContaining({ name: 'foundry', found: [{ folder: 'evm', because: 'foundry.toml' }], applied: ['evm'] }),
    expect.objectContaining({ name: 'truffle', found: [], applied: ['.'] }),
    expect.objectContaining({ name: 'registries', found: [{ folder: 'evm', because: 'addresses\u001b[2J.json' }] }),
    expect.objectContaining({ name: 'project', found: [{ folder: 'evm', because: 'foundry.toml' }], applied: [] }),
  ]);
  const text = renderPresetList(report, plain).join('\n');
  expect(text).toContain(String.raw`evm/addresses\x1b[2J.json`);
  expect(text).not.toContain('\u001b');
});

test('without a config all presets apply in the project itself', async () => {
  using folder = tempFolder();
  put(folder.path, 'package.json', '{}');
  const { presets } = await presetList(projectIn(folder.path), {}, context);
  expect(presets.every(({ applied }) => applied.join() === '.')).toBe(true);
});

test.each(PRESETS.map((preset) => [preset.name, preset] as const))(
  '%s is shown whole, in lines that fit',
  async (name, preset) => {
    using folder = tempFolder();
    put(folder.path, 'package.json', '{}');
    const report = presetShowReportSchema.parse(await presetShow(projectIn(folder.path), { name }, context));
    expect(report.secrets).toEqual(preset.secrets ?? []);
    expect(report.rebuilt).toEqual(preset.rebuilt ?? []);
    expect(report.places.map(({ path }) => path)).toEqual(
      expect.arrayContaining(preset.places.map(({ path }) => path)),
    );
    const text = renderPresetShow(report, plain).join('\n');
    for (const { path } of preset.places) expect(text).toContain(path);
    for (const { folder: rebuilt } of preset.rebuilt ?? []) expect(text).toContain(`${rebuilt}/`);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  },
);
