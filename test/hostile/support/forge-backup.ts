import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { IndexWriter } from '../../../src/core/format/index-file.ts';
import { encodeSeekTable, PIECE_BYTES } from '../../../src/core/format/seek-table.ts';
import { comparePaths } from '../../../src/core/model/entry.ts';
import type { Entry } from '../../../src/core/model/entry.ts';
import type { Manifest } from '../../../src/core/model/manifest.ts';
import { formatSum } from '../../../src/core/format/sums.ts';
import type { HostileCase, Packed, Part } from './hostile-case.ts';
import { END_BLOCKS, innocent, sha256 } from './tar-parts.ts';

export const FORGED_ID = 'migration-2026-11-23T07-38-00-123Z';
const COMMON = { category: 'docs', source: 'main', uid: 0, gid: 0 };
const MTIME_NS = 1_700_000_000_000_000_000n;

/** What the forger says is in his backup. */
export interface Forged {
  readonly folder: string;
  readonly entries: readonly Entry[];
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** Writes a backup around a hostile archive, in which manifest, index, seek table and every list of sums agree with it. */
export async function forgeBackup(repository: string, hostile: HostileCase, evil: string): Promise<Forged> {
  const folder = path.join(repository, FORGED_ID);
  mkdirSync(path.join(folder, 'checksums'), { recursive: true, mode: 0o700 });
  const parts = inOrder(hostile.parts(evil), hostile.keepOrder === true);
  const entries = listEntries(parts);
  const stream = Buffer.concat([...parts.map((part) => part.bytes), ...(hostile.noEnd ? [] : [END_BLOCKS])]);
  const tar = hostile.damage?.(stream) ?? stream;
  const packed = (hostile.pack ?? goodFrames)(tar);
  const put = (name: string, bytes: Buffer | string): void => writeFileSync(path.join(folder, name), bytes);
  put('docs.tar.zst', packed.file);
  const index = new IndexWriter(path.join(folder, 'INDEX.ndjson.zst'));
  for (const entry of entries) index.add(entry);
  const { sha256: indexSum } = await index.finish();
  const sums = entries.flatMap((entry) => (entry.sha256 === undefined ? [] : [formatSum(entry.sha256, entry.path)]));
  put('checksums/SHA256SUMS', sums.join(''));
  put('RESTORE_PROCEDURES.md', '# Restore\n');
  const manifest = forgeManifest(hostile, entries, packed, indexSum, sums);
  put('BACKUP_MANIFEST.json', JSON.stringify(manifest));
  sumArtifacts(folder);
  return { folder, entries, contents: contentsOf(parts) };
}

const SUMS_OF_ARTIFACTS = 'checksums/ARTIFACTS.sha256';

/** Everything in the folder of a forged backup. */
export const ARTIFACTS = [
  'BACKUP_MANIFEST.json',
  'INDEX.ndjson.zst',
  'docs.tar.zst',
  'checksums/SHA256SUMS',
  SUMS_OF_ARTIFACTS,
  'RESTORE_PROCEDURES.md',
];

/** A backup with nothing wrong in it. */
export const GOOD = { name: 'good', attack: 'none', verdict: 'accept', parts: () => [innocent()] } as const;

function sumArtifacts(folder: string): void {
  const summed = ARTIFACTS.filter((name) => name !== SUMS_OF_ARTIFACTS);
  const lines = summed.map((name) => formatSum(sha256(readFileSync(path.join(folder, name))), name));
  writeFileSync(path.join(folder, SUMS_OF_ARTIFACTS), lines.join(''));
}

function inOrder(parts: readonly Part[], keep: boolean): readonly Part[] {
  if (keep || parts.some((part) => part.claim === undefined)) return parts;
  return parts.toSorted((a, b) => comparePaths(a.claim?.path ?? '', b.claim?.path ?? ''));
}

function listEntries(parts: readonly Part[]): Entry[] {
  const entries: Entry[] = [];
  let offset = 0;
  for (const { claim, bytes } of parts) {
    if (claim !== undefined) entries.push({ ...COMMON, mtimeNs: MTIME_NS, ...claim, offset });
    offset += bytes.length;
  }
  return entries;
}

/** The bytes that a file must have after a restore: what stands behind its headers. */
function contentsOf(parts: readonly Part[]): Map<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (const { claim, bytes } of parts) {
    if (claim?.type !== 'file') continue;
    const start = bytes.length - Math.ceil(claim.size / 512) * 512;
    contents.set(claim.path, bytes.subarray(Math.max(0, start), start + claim.size));
  }
  return contents;
}

function goodFrames(tar: Buffer): Packed {
  const params = { [zlib.constants.ZSTD_c_checksumFlag]: 1 };
  const frames: Buffer[] = [];
  const rows: { compressedSize: number; size: number }[] = [];
  for (let at = 0; at < tar.length; at += PIECE_BYTES) {
    const piece = tar.subarray(at, at + PIECE_BYTES);
    const frame = zlib.zstdCompressSync(piece, { params });
    frames.push(frame);
    rows.push({ compressedSize: frame.length, size: piece.length });
  }
  return { file: Buffer.concat([...frames, encodeSeekTable(rows)]), frames: frames.length, tarSize: tar.length };
}

function forgeManifest(
  hostile: HostileCase,
  entries: readonly Entry[],
  packed: Packed,
  indexSum: string,
  sums: readonly string[],
): Manifest {
  const files = entries.filter((entry) => entry.type === 'file');
  const bytes = files.reduce((total, entry) => total + entry.size, 0);
  const source = {
    name: 'main',
    path: hostile.sourcePath ?? '.',
    type: 'files',
    exclusive: false,
    external: false,
  } as const;
  return {
    formatVersion: 2,
    backupId: FORGED_ID,
    kind: 'migration',
    createdAt: '2026-11-23T07:38:00.123Z',
    tool: { name: 'migbackup', version: '0.0.0', runtime: 'test' },
    host: { platform: 'linux', arch: 'x64' },
    project: {},
    config: {
      compression: 'zstd',
      level: 1,
      includeSecrets: true,
      secrets: [],
      leftOutFolders: [],
      categories: { docs: { sources: [{ ...source, include: [], exclude: [], required: false }] } },
    },
    categories: {
      docs: {
        archive: {
          file: 'docs.tar.zst',
          size: packed.file.length,
          sha256: sha256(packed.file),
          tarSize: packed.tarSize,
          frames: packed.frames,
          compression: 'zstd',
        },
        status: 'complete',
        files: files.length,
        directories: entries.filter((entry) => entry.type === 'dir').length,
        symlinks: entries.filter((entry) => entry.type === 'symlink').length,
        bytes,
        sources: [{ ...source, files: files.length, bytes }],
      },
    },
    totals: { files: files.length, bytes, archivedBytes: packed.file.length },
    index: { file: 'INDEX.ndjson.zst', entries: entries.length, sha256: indexSum },
    checksums: { file: 'checksums/SHA256SUMS', entries: files.length, sha256: sha256(Buffer.from(sums.join(''))) },
    findings: [],
  };
}
