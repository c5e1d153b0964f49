import path from 'node:path';
import { readArchive } from '../format/archive-reader.ts';
import { readIndex } from '../format/index-file.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Counts } from '../model/counts.ts';
import type { Context } from '../model/event.ts';
import type { Entry } from '../model/entry.ts';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { TreeWriter, type SyncAll } from '../transaction/tree-writer.ts';
import { IndexCursor } from '../format/index-cursor.ts';
import { PlacingSink } from './placing-sink.ts';

export interface WriteOptions {
  readonly folder: string;
  readonly manifest: Manifest;
  /** The folder that all places are in. */
  readonly base: string;
  /** The absolute place of an entry, or null to leave it out. */
  readonly place: (entry: Entry) => string | null;
  /** Categories with wanted entries. The archives of the others are not opened. */
  readonly categories: ReadonlySet<string>;
  /** Whether every entry is wanted. Then the archives are read to their ends, and their own checksums are compared too. */
  readonly everything: boolean;
  /** Makes everything durable at the end. If it is null, each file and folder is synced by itself. */
  readonly syncAll: SyncAll | null;
  /** Give everything its owner and group too. */
  readonly owner?: boolean | undefined;
  /** Called after everything is written, before the folders get their modes and times and before everything is made durable. */
  readonly beforeFinish?: (() => Promise<void>) | undefined;
}

/**
 * Writes a backup's entries to their places, and verifies every byte on the way. Throws BACKUP_DAMAGED at the end if anything differs; then the
 * caller removes what was written.
 */
export async function writeEntries(options: WriteOptions, context: Context): Promise<Counts> {
  const { folder, manifest, base, place } = options;
  const findings: Finding[] = [];
  const writer = new TreeWriter(base, options.syncAll, options.owner);
  const sink = new PlacingSink(writer, place);
  try {
    const cursor = new IndexCursor(readIndex(path.join(folder, INDEX_FILE)), () => {});
    for (const [name, category] of Object.entries(manifest.categories)) {
      if (category.archive === undefined) continue;
      if (!options.categories.has(name)) {
        await cursor.skip(name);
        continue;
      }
      const sha256 = await readArchive({
        file: path.join(folder, category.archive.file),
        category: name,
        facts: category.archive,
        entries: cursor.take(name),
        select: options.everything ? undefined : (entry) => place(entry) !== null,
        sink,
        onFinding: (finding) => findings.push(finding),
        onProgress: () => context.onEvent?.({ type: 'progress', files: sink.written.files, bytes: sink.passed }),
        signal: context.signal,
      });
      if (sha256 !== null && sha256 !== category.archive.sha256)
        findings.push(alteredArchive(name, category.archive.file));
    }
    if (findings.length > 0) throw damagedWhileReading(findings);
    await options.beforeFinish?.();
    await writer.finish();
    return sink.written;
  } finally {
    await writer.abort();
  }
}

function alteredArchive(category: string, file: string): Finding {
  return {
    code: 'artifact-altered',
    severity: 'error',
    message: `${file} was altered: its SHA-256 differs`,
    path: file,
    category,
  };
}

function damagedWhileReading(findings: readonly Finding[]): BackupError {
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new BackupError('BACKUP_DAMAGED', `the backup is damaged: ${findings[0]?.message ?? ''}${more}`, {
    hint: 'Nothing was restored. migbackup verify lists everything that is damaged. restore --only still works for categories that are whole.',
    details: { findings },
  });
}
