import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readArchive, type ArchiveReadOptions } from '../../src/core/format/archive-reader.ts';
import { ArchiveWriter } from '../../src/core/format/archive-writer.ts';
import { PIECE_BYTES } from '../../src/core/format/seek-table.ts';
import type { Compression } from '../../src/core/model/category.ts';
import type { Entry, ScannedEntry } from '../../src/core/model/entry.ts';
import type { Finding } from '../../src/core/model/finding.ts';
import type { Archive } from '../../src/core/model/manifest.ts';

/** A member to be archived. One that is dropped is begun, given its content, and rolled back. */
export interface Member {
  readonly entry: ScannedEntry;
  readonly content: Buffer;
  readonly dropped?: boolean;
}

export interface WrittenArchive {
  readonly file: string;
  readonly facts: Archive;
  readonly entries: Entry[];
}

const COMMON = { category: 'c', source: 's', mtimeNs: 1_700_000_000n * 10n ** 9n, uid: 0, gid: 0 };

export function fileMember(path: string, content: Buffer, dropped = false): Member {
  return { entry: { ...COMMON, path, type: 'file', size: content.length, mode: 0o640 }, content, dropped };
}

export function folderMember(path: string): Member {
  return { entry: { ...COMMON, path, type: 'dir', size: 0, mode: 0o750 }, content: Buffer.alloc(0) };
}

export function linkMember(path: string, target: string): Member {
  return { entry: { ...COMMON, path, type: 'symlink', size: 0, mode: 0o777, target }, content: Buffer.alloc(0) };
}

/** Bytes that do not compress and are the same in every run. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < size; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

/** Writes the members as create does: content straight into the memory that the writer reserves, awaiting frames where it needs that. */
export async function writeArchive(
  file: string,
  members: readonly Member[],
  compression: Compression = 'zstd',
): Promise<WrittenArchive> {
  const writer = new ArchiveWriter(file, { compression, level: 1 });
  const entries: Entry[] = [];
  for (const { entry, content, dropped } of members) {
    const offset = writer.begin(entry);
    for (let done = 0; done < content.length;) {
      const copied = content.copy(writer.reserve(), 0, done);
      writer.commit(copied);
      done += copied;
      if (writer.needsDrain) await writer.drain();
    }
    if (dropped === true) {
      await writer.rollback();
      continue;
    }
    writer.end();
    const sha256 = createHash('sha256').update(content).digest('hex');
    entries.push({ ...entry, offset, ...(entry.type === 'file' ? { sha256 } : {}) });
  }
  const facts = { ...(await writer.finish()), file: 'c.tar', compression };
  return { file, facts, entries };
}

async function* batched(entries: readonly Entry[]): AsyncGenerator<Entry[]> {
  for (let at = 0; at < entries.length; at += 3) {
    await Promise.resolve();
    yield entries.slice(at, at + 3);
  }
}

export interface ArchiveSeen {
  readonly findings: Finding[];
  /** The content of every member that the reader called good, by path. */
  readonly good: Map<string, Buffer>;
  readonly bad: string[];
  readonly sha256: string | null;
}

/** Reads an archive beside its entries, and what the reader says and hands out on the way. */
export async function inspectArchive(
  { file, facts, entries }: WrittenArchive,
  select?: ArchiveReadOptions['select'],
): Promise<ArchiveSeen> {
  const findings: Finding[] = [];
  const good = new Map<string, Buffer>();
  const bad: string[] = [];
  let parts: Buffer[] = [];
  const sha256 = await readArchive({
    file,
    facts,
    category: 'c',
    entries: batched(entries),
    select,
    onFinding: (finding) => findings.push(finding),
    sink: {
      begin: () => {
        parts = [];
      },
      data: (chunk) => {
        parts.push(Buffer.from(chunk));
      },
      end: (entry, isGood) => {
        if (isGood) good.set(entry.path, Buffer.concat(parts));
        else bad.push(entry.path);
      },
    },
  });
  return { findings, good, bad, sha256 };
}

/** Small files, one over several frames, small ones behind it. */
export const ARCHIVE_MEMBERS: readonly Member[] = [
  folderMember('d'),
  ...Array.from({ length: 20 }, (_, at) => fileMember(`d/a${String(at).padStart(2, '0')}`, noise(100_000, at + 1))),
  fileMember('d/big', noise(2 * PIECE_BYTES + 77, 50)),
  fileMember('d/empty', Buffer.alloc(0)),
  linkMember('d/link', 'big'),
  ...Array.from({ length: 12 }, (_, at) => fileMember(`d/z${String(at).padStart(2, '0')}`, noise(100_001, at + 70))),
];

/** The bytes of the tar stream that a member takes: its header, content and padding. */
export function extentOf(entry: Entry): { from: number; to: number } {
  return { from: entry.offset, to: entry.offset + 512 + Math.ceil(entry.size / 512) * 512 };
}

/** Changes the archive's bytes on disk. */
export function rewriteArchive(archive: WrittenArchive, change: (bytes: Buffer) => Buffer): void {
  writeFileSync(archive.file, change(readFileSync(archive.file)));
}
