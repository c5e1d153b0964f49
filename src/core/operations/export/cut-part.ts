import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { auditBackup } from '../../audit/audit.ts';
import { BackgroundTasks } from '../../capture/background-tasks.ts';
import { writeArtifacts } from '../../capture/take-backup.ts';
import { databasesAt, nothingSelected, type Selection } from '../../extract/selection.ts';
import { verifyWhileStaging } from '../../extract/verify-for-restore.ts';
import { makePartId } from '../../format/id.ts';
import { INDEX_FILE, SUMS_FILE } from '../../format/layout.ts';
import { readManifest } from '../../format/manifest-file.ts';
import { whyPartial } from '../../format/why-partial.ts';
import { removeTree } from '../../fs/durable.ts';
import { BackupError } from '../../model/backup-error.ts';
import type { Entry } from '../../model/entry.ts';
import type { Context } from '../../model/event.ts';
import type { FindingCode } from '../../model/finding-codes.ts';
import type { Manifest, ManifestCategory } from '../../model/manifest.ts';
import { shellLine } from '../../model/shell-quote.ts';
import { fromSystemError } from '../../model/system-error.ts';
import { mayHold, namedIn, selectEntries } from '../../scan/terms.ts';
import type { SelectedBackup } from '../../repository/selected.ts';
import { PartWriter, type WrittenPart } from './part-writer.ts';

/**
 * Makes a backup of what `terms` select of another one, in a private scratch folder that `dispose` removes. Every byte is proven against the whole
 * backup while it is written, and the part is verified in full when it is finished. Throws USAGE for a backup that can only be exported whole, what
 * `Selection.require` throws, NOTHING_SELECTED for a term that selects nothing, PROOF_FAILED, NO_SPACE or IO.
 */
export async function cutPart(
  whole: SelectedBackup,
  terms: readonly string[],
  context: Context,
): Promise<SelectedBackup> {
  const manifest = readManifest(whole.folder);
  refuseUncut(whole, manifest);
  const id = makePartId(manifest.backupId, terms);
  const scratch = makeScratch();
  const folder = path.join(scratch, id);
  const dispose = (): void => removeTree(scratch);
  const background = new BackgroundTasks();
  try {
    fs.mkdirSync(path.join(folder, path.dirname(SUMS_FILE)), { recursive: true, mode: 0o700 });
    const writer = new PartWriter(folder, manifest);
    try {
      const wanted = await copy(whole, manifest, terms, writer, context);
      const written = await writer.finish((database) => wanted.hasDatabase(database));
      writeArtifacts(folder, describe(manifest, id, terms, written), background);
      await background.done();
    } finally {
      await background.settled();
      await writer.abort();
    }
    await prove(folder, id, context);
    return { id, folder, dispose };
  } catch (error) {
    dispose();
    throw unwritten(error, scratch);
  }
}

function makeScratch(): string {
  try {
    return fs.mkdtempSync(path.join(os.tmpdir(), 'migbackup-'));
  } catch (error) {
    throw unwritten(error, os.tmpdir());
  }
}

const unwritten = (error: unknown, place: string): unknown =>
  fromSystemError(
    error,
    'the part could not be put together',
    place,
    'Nothing was exported. The part is made in the folder that TMPDIR names.',
  );

/** Throws USAGE if no list of terms could describe a part of the backup truly. */
function refuseUncut(whole: SelectedBackup, manifest: Manifest): void {
  const place = whole.fromFile ?? whole.folder;
  const isSafety = manifest.kind === 'safety';
  if (!isSafety && (manifest.config.only ?? []).length === 0) return;
  const why = isSafety ? 'is a safety backup' : `is a part already (${whyPartial(manifest, place)})`;
  const name = whole.fromFile === undefined ? whole.id : place;
  throw new BackupError('USAGE', `${whole.id} ${why}: it is exported whole or not at all`, {
    hint: `Run: ${shellLine(['migbackup', 'export', name])}`,
  });
}

async function copy(
  whole: SelectedBackup,
  manifest: Manifest,
  terms: readonly string[],
  writer: PartWriter,
  context: Context,
): Promise<Selection> {
  const names = namedIn(manifest);
  const databases = databasesAt(manifest);
  const pending = new Map(terms.map((term) => [term, selectEntries([term], names, databases)]));
  const onWanted = (entry: Entry): void => {
    for (const [term, has] of pending) if (has(entry)) pending.delete(term);
  };
  // No link is made on disk here: a restore of the part decides about links that lead out.
  const options = { only: terms, allowUnsafeLinks: true };
  const wanted = await verifyWhileStaging(whole, manifest, options, writer, onWanted, context, 'selecting');
  if (pending.size > 0) throw nothingSelected(whole.id, manifest, [...pending.keys()]);
  return wanted;
}

/** The manifest of the part: what the manifest of the whole says about it, with figures that were counted while it was written. */
function describe(whole: Manifest, id: string, terms: readonly string[], written: WrittenPart): Manifest {
  const kept = findingsOf(whole, terms, new Set(written.categories.keys()));
  const isCut = (name: string): boolean =>
    kept.some(({ code, category }) => code === ('left-out' satisfies FindingCode) && category === name);
  const categories: Manifest['categories'] = {};
  for (const [name, category] of written.categories)
    categories[name] = isCut(name) ? { ...category, status: 'partial' } : category;
  const total = (figure: (category: ManifestCategory) => number): number =>
    Object.values(categories).reduce((sum, category) => sum + figure(category), 0);
  return {
    ...whole,
    backupId: id,
    config: { ...whole.config, only: [...terms] },
    categories,
    totals: {
      files: total(({ files }) => files),
      bytes: total(({ bytes }) => bytes),
      archivedBytes: total(({ archive }) => archive?.size ?? 0),
    },
    index: { file: INDEX_FILE, entries: written.index.entries, sha256: written.index.sha256 },
    checksums: { file: SUMS_FILE, ...written.sums },
    findings: kept,
  };
}

/** The findings of the whole backup that are about the part, or about no path in particular. */
function findingsOf(whole: Manifest, terms: readonly string[], categories: ReadonlySet<string>): Manifest['findings'] {
  const isAbout = mayHold(terms, namedIn(whole));
  return whole.findings.filter(({ category, source, path: about }) => {
    if (category !== undefined && !categories.has(category)) return false;
    return about === undefined || isAbout({ category: category ?? '', source: source ?? '', path: about });
  });
}

/** The part is verified as any backup, because an export must not claim what verify would not. */
async function prove(folder: string, id: string, context: Context): Promise<void> {
  const { status, findings } = await auditBackup(folder, id, { mode: 'full' }, context);
  if (status !== 'FAILED') return;
  const errors = findings.filter((finding) => finding.severity === 'error');
  throw new BackupError('PROOF_FAILED', `the part that was written did not verify: ${errors[0]?.message ?? ''}`, {
    hint: 'Nothing was exported. The disk or memory may be failing: set TMPDIR to another place, then run the command again.',
    details: { findings: errors },
  });
}
