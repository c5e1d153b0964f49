import fs from 'node:fs';
import path from 'node:path';
import { verify } from '../../../src/core/operations/verify.ts';
import { readable } from '../../../src/core/import-v1/open-backup.ts';
import type { AnyFinding } from '../../../src/core/model/finding.ts';
import { put } from '../../support/files.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import { context } from '../../support/real-backup.ts';
import { makeVersion1Backup, mendVersion1Manifest, resumVersion1, VERSION1_ID } from '../../support/version1-backup.ts';
import type { Cases, Provoke, Stage } from './stage.ts';

const SUMS = 'checksums/SHA256SUMS';

/** Makes a version 1 backup whose manifest is right, damages it, and verifies it in full. */
export async function verifyVersion1(
  stage: Stage,
  damage: (folder: string) => unknown,
): Promise<readonly AnyFinding[]> {
  writeDatabase(path.join(stage.root, 'old'), [[Buffer.from('key'), Buffer.from('value')]]);
  const folder = makeVersion1Backup(stage.repository, path.join(stage.root, 'old'));
  mendVersion1Manifest(folder);
  damage(folder);
  const selected = await readable({ id: VERSION1_ID, folder, dispose() {} }, context);
  try {
    return (await verify(selected, { mode: 'full', repository: stage.repository }, context)).findings;
  } finally {
    selected.dispose();
  }
}

const damaged =
  (damage: (folder: string) => unknown): Provoke =>
  (stage) =>
    verifyVersion1(stage, damage);

/** What `verify` says of a backup of format version 1 only. */
export const VERSION1: Cases = {
  'file-missing': damaged((folder) => fs.rmSync(path.join(folder, 'docs/README.md'))),
  'file-altered': damaged((folder) => put(folder, 'docs/README.md', 'altered')),
  'file-not-listed': damaged((folder) => put(folder, 'docs/main/extra.md', 'x')),
  'file-not-restored': damaged((folder) => {
    put(folder, 'leveldb/current/LOG', 'what LevelDB did');
    resumVersion1(folder);
  }),
  'file-unknown': damaged((folder) => put(folder, 'elsewhere/x.md', 'x')),
  'file-unusable': damaged((folder) => {
    fs.rmSync(path.join(folder, 'docs/README.md'));
    fs.symlinkSync('/etc/passwd', path.join(folder, 'docs/README.md'));
  }),
  'files-collide': [
    damaged((folder) => put(folder, 'docs/package.json', '{"name": "another"}')),
    damaged((folder) => {
      put(folder, 'docs/package.json', '{"name": "another"}');
      resumVersion1(folder);
    }),
  ],
  'manifest-contradicts': damaged((folder) =>
    put(folder, 'BACKUP_MANIFEST.json', '{"version": "1.0.0", "totalFiles": 0}'),
  ),
  'sums-contradict': damaged((folder) =>
    fs.appendFileSync(path.join(folder, SUMS), `${'a'.repeat(64)}  docs/README.md\n`),
  ),
  'sums-damaged': damaged((folder) => put(folder, SUMS, 'garbage\n')),
  'sums-unsafe': damaged((folder) =>
    fs.appendFileSync(path.join(folder, SUMS), `${'a'.repeat(64)}  ../../etc/passwd\n`),
  ),
  'database-does-not-read': damaged((folder) => {
    const database = path.join(folder, 'leveldb/current');
    const manifest = fs.readdirSync(database).find((name) => name.startsWith('MANIFEST')) ?? '';
    fs.writeFileSync(path.join(database, manifest), 'no manifest');
    resumVersion1(folder);
  }),
};
