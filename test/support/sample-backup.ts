import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { IndexWriter } from '../../src/core/format/index-file.ts';
import type { Manifest } from '../../src/core/model/manifest.ts';
import { parseId } from '../../src/core/format/id.ts';
import { writeManifest } from '../../src/core/format/manifest-file.ts';
import { formatSum } from '../../src/core/format/sums.ts';
import { WorkFolder } from '../../src/core/repository/work-folder.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Commits a small backup whose manifest, index and sums agree; its archive is `archiveBytes` of noise. Returns its folder. */
export async function makeSampleBackup(repository: string, id: string, archiveBytes = 300_000): Promise<string> {
  mkdirSync(repository, { recursive: true, mode: 0o700 });
  const work = WorkFolder.begin(repository, id);
  const inside = (name: string): string => path.join(work.folder, name);
  const archive = Buffer.from(Array.from({ length: archiveBytes }, (_, at) => (at * 31 + (at >> 8)) % 251));
  writeFileSync(inside('docs.tar.zst'), archive);
  const common = { category: 'docs', source: 'main', mode: 0o644, mtimeNs: 1_700_000_000_000_000_000n, uid: 0, gid: 0 };
  const content = Buffer.from('hello');
  const writer = new IndexWriter(inside('INDEX.ndjson.zst'));
  writer.add({ ...common, path: 'docs', type: 'dir', size: 0, mode: 0o755, offset: 0 });
  writer.add({ ...common, path: 'docs/a.md', type: 'file', size: 5, sha256: sha256(content), offset: 512 });
  const index = await writer.finish();
  const sums = Buffer.from(formatSum(sha256(content), 'docs/a.md'));
  writeFileSync(inside('checksums/SHA256SUMS'), sums);
  writeFileSync(inside('RESTORE_PROCEDURES.md'), '# Restore\n');
  const source = { name: 'main', path: 'docs', type: 'files' as const, exclusive: false, external: false };
  const manifest: Manifest = {
    formatVersion: 2,
    backupId: id,
    kind: parseId(id)?.kind ?? 'migration',
    createdAt: (parseId(id)?.time ?? new Date()).toISOString(),
    note: 'a note',
    tool: { name: 'migbackup', version: '0.0.0', runtime: 'test' },
    host: { platform: 'linux', arch: 'x64' },
    project: {},
    config: {
      compression: 'zstd',
      level: 1,
      includeSecrets: false,
      secrets: [],
      leftOutFolders: [],
      categories: { docs: { sources: [{ ...source, include: [], exclude: [], required: false }] } },
    },
    categories: {
      docs: {
        archive: {
          file: 'docs.tar.zst',
          size: archive.length,
          sha256: sha256(archive),
          tarSize: 2048,
          frames: 1,
          compression: 'zstd',
        },
        status: 'complete',
        files: 1,
        directories: 1,
        symlinks: 0,
        bytes: 5,
        sources: [{ ...source, files: 1, bytes: 5 }],
      },
    },
    totals: { files: 1, bytes: 5, archivedBytes: archive.length },
    index: { file: 'INDEX.ndjson.zst', entries: 2, sha256: index.sha256 },
    checksums: { file: 'checksums/SHA256SUMS', entries: 1, sha256: sha256(sums) },
    findings: [],
  };
  await writeManifest(work.folder, manifest);
  const artifacts = [
    'BACKUP_MANIFEST.json',
    'INDEX.ndjson.zst',
    'docs.tar.zst',
    'checksums/SHA256SUMS',
    'RESTORE_PROCEDURES.md',
  ];
  const lines = artifacts.map((name) => formatSum(sha256(readFileSync(inside(name))), name));
  writeFileSync(inside('checksums/ARTIFACTS.sha256'), lines.join(''));
  return work.commit(Promise.resolve());
}

export const SAMPLE_ID = 'migration-2026-11-23T07-38-00-123Z';
export const testContext = { tool: { name: 'migbackup', version: '0.0.0', runtime: 'test' } };
