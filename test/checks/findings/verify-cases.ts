import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { readIndex } from '../../../src/core/format/index-file.ts';
import type { Entry } from '../../../src/core/model/entry.ts';
import { auditBackup } from '../../../src/core/audit/audit.ts';
import { exportBackup } from '../../../src/core/operations/export.ts';
import { sign } from '../../../src/core/operations/sign.ts';
import { rehearse } from '../../../src/core/operations/verify/rehearse.ts';
import { flipBit } from '../../support/flip-bit.ts';
import { context } from '../../support/real-backup.ts';
import { resumArtifacts, rewriteIndex, rewriteManifest } from '../../support/rewrite-backup.ts';
import { writeDatabase } from '../../support/leveldb/write-database.ts';
import type { Cases, Provoke, Stage } from './stage.ts';

/** Damages the plain backup, then verifies it in full. */
const damaged =
  (damage: (stage: Stage) => unknown): Provoke =>
  async (stage) => {
    await damage(stage);
    return stage.verify();
  };

async function entryOf(stage: Stage, file: string): Promise<Entry> {
  for await (const batch of readIndex(stage.stored('INDEX.ndjson.zst')))
    for (const entry of batch) if (entry.path === file) return entry;
  throw new Error(`no ${file}`);
}

const about =
  (change: (entry: Entry) => Entry) =>
  (entries: Entry[]): Entry[] =>
    entries.map((entry) => (entry.path === 'docs/a.md' ? change(entry) : entry));

/** Where the content of docs/a.md begins in docs.tar. */
const contentAt = (bytes: Buffer): number => bytes.indexOf('first of the docs');

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** Signs the plain backup with a new key, then verifies it with an allowed-signers file whose line begins with these words. */
const signedBy =
  (words: string, spoil: (stage: Stage, sig: string, key: string) => void = () => {}): Provoke =>
  async (stage) => {
    const key = path.join(stage.repository, '..', 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const { file } = await sign(stage.project, stage.selected(), key, context);
    spoil(stage, file, key);
    const signers = path.join(stage.repository, '..', 'allowed');
    fs.writeFileSync(signers, `${words} ${fs.readFileSync(`${key}.pub`, 'utf8')}`);
    return stage.verify(stage.plain, { signers: { file: signers, required: ['me'] } });
  };

/** Everything that `verify` says of a backup in this format. */
export const VERIFY: Cases = {
  'manifest-damaged': damaged((stage) => fs.rmSync(stage.stored('BACKUP_MANIFEST.json'))),
  'manifest-contradicts': damaged((stage) =>
    rewriteManifest(stage.stored(), (manifest) => {
      manifest['totals'] = { files: 99, bytes: 1, archivedBytes: 1 };
    }),
  ),
  'artifact-list-wrong': damaged((stage) => fs.writeFileSync(stage.stored('checksums/ARTIFACTS.sha256'), '')),
  'artifact-missing': damaged((stage) => fs.rmSync(stage.stored('RESTORE_PROCEDURES.md'))),
  'artifact-foreign': [
    damaged((stage) => fs.writeFileSync(stage.stored('evil.txt'), '')),
    async (stage) => {
      fs.writeFileSync(stage.stored('note.txt'), '');
      const output = path.join(stage.repository, 'exported.zip');
      return (await exportBackup(stage.selected(), { output, format: 'zip' }, context)).findings;
    },
  ],
  'artifact-altered': damaged((stage) => fs.appendFileSync(stage.stored('RESTORE_PROCEDURES.md'), ' ')),
  'index-damaged': damaged((stage) => stage.rewrite('INDEX.ndjson.zst', (bytes) => bytes.subarray(0, 20))),
  'index-wrong': damaged((stage) => rewriteIndex(stage.stored(), (entries) => entries.toReversed())),
  'count-differs': damaged((stage) =>
    rewriteIndex(stage.stored(), (entries) => entries.filter(({ path: file }) => file !== 'docs/a.md')),
  ),
  'sums-differ': damaged((stage) => {
    stage.rewrite('checksums/SHA256SUMS', (bytes) => Buffer.from(bytes.toString().replace('docs/a.md', 'docs/c.md')));
    resumArtifacts(stage.stored());
  }),
  'archive-missing': damaged((stage) => fs.rmSync(stage.stored('docs.tar'))),
  'archive-differs': damaged((stage) =>
    rewriteManifest(stage.stored(), (manifest) => {
      const { docs } = Object(manifest['categories']);
      docs.archive.tarSize += 512;
    }),
  ),
  'archive-truncated': damaged(async (stage) => {
    const { offset } = await entryOf(stage, 'docs/b.md');
    stage.rewrite('docs.tar', (bytes) => bytes.subarray(0, offset));
  }),
  'archive-tail': damaged((stage) => fs.appendFileSync(stage.stored('docs.tar'), Buffer.alloc(512))),
  'archive-gap': damaged((stage) =>
    stage.rewrite('docs.tar', (bytes) => flipped(bytes, contentAt(bytes) + 'first of the docs'.length)),
  ),
  'header-altered': damaged(async (stage) => {
    const { offset } = await entryOf(stage, 'docs/a.md');
    stage.rewrite('docs.tar', (bytes) => flipped(bytes, offset));
  }),
  'header-differs': damaged((stage) =>
    rewriteIndex(
      stage.stored(),
      about((entry) => ({ ...entry, mode: 0o600 })),
    ),
  ),
  'file-altered': damaged((stage) => stage.rewrite('docs.tar', (bytes) => flipped(bytes, contentAt(bytes)))),
  'frame-damaged': async (stage) => {
    flipBit(path.join(stage.repository, stage.zstd, 'docs.tar.zst'), 40);
    return stage.verify(stage.zstd);
  },
  'archive-unreadable': async (stage) => {
    fs.truncateSync(path.join(stage.repository, stage.zstd, 'docs.tar.zst'), 40);
    return stage.verify(stage.zstd);
  },
  'database-differs': damaged((stage) =>
    rewriteManifest(stage.stored(), (manifest) => {
      const { leveldb } = Object(manifest['categories']);
      leveldb.sources[0].databases[0].records = 99;
    }),
  ),
  'not-rehearsed': async (stage) => {
    fs.rmSync(stage.stored('docs.tar'));
    return stage.verify(stage.plain, { rehearse: true });
  },
  'rehearsal-failed': async (stage) => {
    const selected = stage.selected();
    const audit = await auditBackup(selected.folder, selected.id, { mode: 'full' }, context);
    // The disk goes bad between the two.
    stage.rewrite('docs.tar', (bytes) => flipped(bytes, contentAt(bytes)));
    return (await rehearse(selected, audit, stage.repository, context)).findings;
  },
  'json-differs': async (stage) => {
    stage.put('deployments/half.json', '{');
    const { backupId, folder } = await stage.create();
    rewriteManifest(folder, (manifest) => Object.assign(manifest, { findings: [] }));
    return stage.verify(backupId, { rehearse: true });
  },
  'database-not-opened': async (stage) => {
    // Compressed in a way that only our own reader knows.
    fs.rmSync(stage.inside('leveldb'), { recursive: true });
    writeDatabase(stage.inside('leveldb'), [[Buffer.from('k'), Buffer.from('v')]], { compression: 'zlib' });
    const { backupId } = await stage.create();
    return stage.verify(backupId, { rehearse: true });
  },
  'not-signed': async (stage) => (await stage.create({ sign: stage.inside('no-such-key') })).findings,
  'signature-missing': signedBy('me', (_, sig) => fs.rmSync(sig)),
  'signature-invalid': signedBy('me', (stage) => fs.appendFileSync(stage.stored('checksums/ARTIFACTS.sha256'), '\n')),
  'signature-namespace': signedBy('me', (stage, sig, key) =>
    fs.writeFileSync(
      sig,
      execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'git', '-f', key], {
        input: fs.readFileSync(stage.stored('checksums/ARTIFACTS.sha256')),
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    ),
  ),
  'signer-not-allowed': signedBy('somebody-else'),
  'signer-expired': signedBy('me valid-before="20200101"'),
  'report-not-written': async (stage) => {
    fs.rmSync(path.join(stage.repository, 'reports'), { recursive: true });
    fs.writeFileSync(path.join(stage.repository, 'reports'), '');
    return stage.verify();
  },
};
