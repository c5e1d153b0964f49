import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveProject } from '../../src/core/config/project.ts';
import type { Project } from '../../src/core/model/category.ts';
import { create } from '../../src/core/operations/create.ts';
import { diffBackups, diffLive } from '../../src/core/operations/diff.ts';
import { report } from '../../src/core/operations/report.ts';
import { show } from '../../src/core/operations/show.ts';
import { validate } from '../../src/core/operations/validate.ts';
import type { SelectedBackup } from '../../src/core/repository/selected.ts';
import { brief } from '../records/support/recorded-in.ts';
import { put } from '../support/files.ts';
import { context } from '../support/real-backup.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const A = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const B = '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359';
const C = '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB';

let temp: TempFolder;
let project: Project;
beforeEach(() => {
  temp = tempFolder();
  write('deployments/mainnet/.chainId', '1');
  write('deployments/mainnet/Token.json', { address: A, abi: [], bytecode: '0x60', receipt: {} });
  write('deployments/bsc.json', {
    network: 'bsc',
    chainId: 56,
    contracts: { Vault: { address: B }, Old: { address: C } },
  });
  write('.openzeppelin/mainnet.json', {
    manifestVersion: '3.2',
    proxies: [{ address: A }],
    impls: { a: { address: B } },
  });
  write('docs/a.json', { text: 'of no registry' });
  project = resolveProject({ cwd: temp.path, env: {} });
});
afterEach(() => temp[Symbol.dispose]());

function write(file: string, content: unknown): void {
  put(temp.path, file, typeof content === 'string' ? content : JSON.stringify(content));
}

async function take(compression: 'zstd' | 'none' = 'zstd'): Promise<SelectedBackup> {
  const taken = await create(project, { verify: true, allowPartial: false, compression }, context);
  return { id: taken.backupId, folder: taken.folder, dispose() {} };
}

const ALL = [`56 Vault ${B}`, `56 Old ${C}`, `1 Token ${A}`, `1 - ${A}`, `1 - ${B}`];
const CHAINS = { 1: { addresses: 2, local: false }, 56: { addresses: 2, local: false } };

test.each(['zstd', 'none'] as const)(
  'validate, show and report say the same of the project and of its backup (%s)',
  async (how) => {
    const backup = await take(how);
    const reports = [
      await validate(project, {}, context),
      await show(backup, {}, context),
      await show(backup, { files: true }, context),
      await report(backup, project, context),
    ];
    for (const { deployments } of reports) {
      expect(deployments).toMatchObject({ addresses: 4, chains: CHAINS });
      expect(brief(deployments.recorded).toSorted()).toEqual(ALL.toSorted());
    }
  },
);

test('show --only: what it does not select is read for the chain, and not shown', async () => {
  const { deployments } = await show(await take(), { only: ['deployments/mainnet/Token.json'] }, context);
  expect(brief(deployments.recorded)).toEqual([`1 Token ${A}`]);
});

describe('diff', () => {
  function change(): void {
    write('deployments/bsc.json', {
      network: 'bsc',
      chainId: 56,
      contracts: { Vault: { address: C }, New: { address: A } },
    });
    fs.rmSync(path.join(temp.path, '.openzeppelin/mainnet.json'));
  }
  const EXPECTED = {
    added: [`56 New ${A}`],
    removed: [`56 Vault ${B}`, `1 - ${A}`, `1 - ${B}`],
    // The address of Old has another name now.
    changed: [`56 Old ${C} -> 56 Vault ${C}`],
  };
  const said = ({ deployments: { added, removed, changed } }: Awaited<ReturnType<typeof diffLive>>) => ({
    added: brief(added),
    removed: brief(removed),
    changed: changed.map(({ before, after }) => brief([before, after]).join(' -> ')),
  });

  test('with the project, and between two backups', async () => {
    const before = await take();
    expect(said(await diffLive(project, before, context))).toEqual({ added: [], removed: [], changed: [] });
    change();
    expect(said(await diffLive(project, before, context))).toEqual(EXPECTED);
    expect(said(await diffBackups(before, await take('none'), context))).toEqual(EXPECTED);
  });

  test('--only', async () => {
    const before = await take();
    change();
    expect(said(await diffLive(project, before, context, ['proxies']))).toEqual({
      added: [],
      removed: [`1 - ${A}`, `1 - ${B}`],
      changed: [],
    });
  });

  test('a registry that no longer parses: what it recorded is removed, and a finding says why', async () => {
    const before = await take();
    write('deployments/bsc.json', '{"network": "bsc", ');
    const differs = await diffLive(project, before, context);
    expect(said(differs).removed).toEqual([`56 Vault ${B}`, `56 Old ${C}`]);
    expect(differs.findings).toMatchObject([{ code: 'registry-invalid', path: 'deployments/bsc.json' }]);
  });
});

describe('a damaged backup', () => {
  const damage = (backup: SelectedBackup, file: string, change: (bytes: Buffer) => void): void => {
    const at = path.join(backup.folder, file);
    const bytes = fs.readFileSync(at);
    change(bytes);
    fs.writeFileSync(at, bytes);
  };

  test('content that is not what the index states is not told; the rest is', async () => {
    const backup = await take('none');
    damage(backup, 'legacy-json.tar', (bytes) => bytes.write('9', bytes.indexOf('"chainId":56') + '"chainId":'.length));
    const shown = await show(backup, {}, context);
    expect(brief(shown.deployments.recorded)).toEqual([`1 Token ${A}`, `1 - ${A}`, `1 - ${B}`]);
    expect(shown.findings).toMatchObject([
      {
        code: 'registry-not-read',
        path: 'deployments/bsc.json',
        message: 'deployments/bsc.json: it cannot be read: it is not what the index of the backup says',
      },
    ]);
  });

  test.each([
    ['an archive that is gone', 'legacy-json.tar', 'deployments/bsc.json'],
    ['an index that is gone', 'INDEX.ndjson.zst', undefined],
  ])('%s: show answers, and says what was not looked at', async (_name, file, at) => {
    const backup = await take('none');
    fs.rmSync(path.join(backup.folder, file));
    const { findings } = await show(backup, {}, context);
    expect(findings.find(({ code, path: of }) => code === 'registry-not-read' && of === at)).toMatchObject({
      severity: 'warning',
    });
    expect((await report(backup, project, context)).findings).toEqual(expect.arrayContaining(findings));
  });
});
