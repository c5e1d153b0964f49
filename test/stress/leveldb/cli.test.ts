import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { amount, IN_SUITE } from '../../support/effort.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { checkCopy } from './check.ts';
import { Model } from './model.ts';
import { acknowledged, startHammer } from './stress.ts';

const ROUNDS = amount(1, 30);
const KEYS = 20_000;

test(
  'through the command line: what create takes of a hammered database, restore brings back exactly',
  {
    timeout: IN_SUITE ? 1_800_000 : 60_000,
  },
  async () => {
    using folder = tempFolder();
    const root = path.join(folder.path, 'project');
    fs.mkdirSync(root);
    fs.writeFileSync(path.join(root, 'package.json'), '{}');
    await using hammer = await startHammer(path.join(root, 'leveldb'), path.join(folder.path, 'ack'), {
      keys: KEYS,
      preload: IN_SUITE ? 4000 : 200,
    });
    const model = new Model(hammer.seed, KEYS);
    const rounds: unknown[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = acknowledged(hammer.ackFile);
      const created = await runCli(['create', '--json'], { cwd: root });
      expect(created, created.stdout).toMatchObject({ exitCode: 0, stderr: '' });
      const { backupId, categories } = JSON.parse(created.stdout);
      const to = path.join(folder.path, 'restored');
      const restored = await runCli(['restore', backupId, '--to', to], { cwd: root });
      expect(restored, restored.stderr).toMatchObject({ exitCode: 0 });
      const verdict = await checkCopy(path.join(to, 'leveldb'), model);
      const entries = model.last.filter((batch) => batch > 0).length + 1;
      const stated = categories.leveldb.sources[0].databases[0];
      rounds.push({ kind: verdict.kind, kept: verdict.batch >= before, stated: stated.records === entries });
      fs.rmSync(to, { recursive: true });
      fs.rmSync(path.join(root, 'backups'), { recursive: true });
    }
    expect(rounds).toEqual(Array.from({ length: ROUNDS }, () => ({ kind: 'exact', kept: true, stated: true })));
  },
);
