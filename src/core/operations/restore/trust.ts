import { BackupError } from '../../model/backup-error.ts';
import type { Context } from '../../model/event.ts';
import type { Finding } from '../../model/finding.ts';
import type { Manifest } from '../../model/manifest.ts';
import { escapeName } from '../../fs/names.ts';
import { leadsOut } from '../../fs/paths.ts';
import { readIndex } from '../../archive/index-file.ts';
import type { Entry } from '../../model/entry.ts';
import path from 'node:path';
import { INDEX_FILE } from '../../store/layout.ts';
import { readManifest } from '../../store/manifest-file.ts';
import type { Selected } from '../../store/catalog.ts';
import { selectEntries, type EntryFilter } from '../entry-selection.ts';
import { auditBackup } from '../verify/audit.ts';
import { concerns } from '../verify/status.ts';

export interface TrustOptions {
  /** Category, category/source, path or glob; none means everything. */
  readonly only: readonly string[];
  /** Also make links that are absolute or lead out of the project. */
  readonly allowUnsafeLinks: boolean;
}

export interface Trusted {
  readonly manifest: Manifest;
  /** The entries that are to be restored, in index order. */
  readonly wanted: readonly Entry[];
}

/**
 * Verifies a backup in full and reads which entries `only` selects. Throws BACKUP_DAMAGED if what is selected is not whole (with `only`,
 * findings elsewhere do not block), NOTHING_SELECTED if the terms match nothing, UNSAFE_ARCHIVE for links that lead out, USAGE if they cut a store in two.
 */
export async function trustBackup(
  selected: Selected,
  { only, allowUnsafeLinks }: TrustOptions,
  context: Context,
): Promise<Trusted> {
  const manifest = readManifest(selected.folder);
  const audit = await auditBackup(selected.folder, selected.auditId ?? selected.id, { mode: 'full' }, context);
  const errors = audit.findings.filter((finding) => finding.severity === 'error');
  // A restore of everything rests on everything, also on what verify says about files that no category needs.
  if (only.length === 0 && errors.length > 0) throw notWhole(selected.id, errors);
  const names = Object.keys(manifest.categories);
  const all = errors.filter(({ source }) => source === undefined);
  if (names.length > 0 && names.every((name) => all.some((finding) => concerns(name, finding))))
    throw notWhole(selected.id, errors);
  const filter = selectEntries(only);
  const wanted: Entry[] = [];
  const partOf = new Map<string, { wanted: number; all: number }>(
    storePaths(manifest).map((store) => [store, { wanted: 0, all: 0 }]),
  );
  for await (const batch of readIndex(path.join(selected.folder, INDEX_FILE))) {
    for (const entry of batch) {
      const take = filter(entry);
      if (take) wanted.push(entry);
      for (const [store, counts] of partOf) {
        if (!entry.path.startsWith(`${store}/`)) continue;
        counts.all++;
        if (take) counts.wanted++;
      }
    }
  }
  const inTheWay = errors.filter((finding) => stands(finding, wanted, filter));
  if (inTheWay.length > 0) throw notWhole(selected.id, inTheWay);
  // A safety backup may hold nothing but the names of what was not there.
  const onlyAbsent = only.length === 0 && (manifest.absent ?? []).length > 0;
  if (wanted.length === 0 && !onlyAbsent) throw nothingSelected(manifest, only);
  for (const [store, counts] of partOf) if (counts.wanted > 0 && counts.wanted < counts.all) throw storeInParts(store);
  if (!allowUnsafeLinks) refuseUnsafeLinks(wanted);
  return { manifest, wanted };
}

/** Whether an error is about what was selected: its category, or its source if it names one, has something in it or was asked for. */
function stands(finding: Finding, wanted: readonly Entry[], filter: EntryFilter): boolean {
  const { category, source } = finding;
  if (category !== undefined && source !== undefined && filter({ category, source, path: '' })) return true;
  return wanted.some((entry) => concerns(entry.category, finding) && (source === undefined || source === entry.source));
}

/** Folders that are restored whole: LevelDB stores wherever they stand, and sources that own their folder. */
export function storePaths(manifest: Manifest): string[] {
  const sources = Object.values(manifest.categories).flatMap((category) => category.sources);
  const exclusive = sources.filter((source) => source.exclusive && source.path !== '.').map((source) => source.path);
  const stores = sources.flatMap((source) => source.leveldb ?? []).map((store) => store.path);
  return [...new Set([...exclusive, ...stores])];
}

function refuseUnsafeLinks(wanted: readonly Entry[]): void {
  const unsafe = wanted.filter((entry) => entry.target !== undefined && leadsOut(entry.path, entry.target));
  const [first] = unsafe;
  if (first === undefined) return;
  const more = unsafe.length > 1 ? ` (and ${unsafe.length - 1} more)` : '';
  throw new BackupError(
    'UNSAFE_ARCHIVE',
    `${escapeName(first.path)} is a link out of the project${more}: ${escapeName(first.target ?? '')}`,
    {
      hint: 'Nothing was changed. If you trust this backup, add --allow-unsafe-links.',
      path: first.path,
      details: { links: unsafe.map((entry) => entry.path) },
    },
  );
}

function notWhole(id: string, findings: readonly Finding[]): BackupError {
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more problems)` : '';
  return new BackupError('BACKUP_DAMAGED', `${id} does not verify: ${findings[0]?.message ?? ''}${more}`, {
    hint: `Nothing was changed. migbackup verify ${id} shows everything; restore --only works for categories that are whole.`,
    details: { findings },
  });
}

function nothingSelected(manifest: Manifest, only: readonly string[]): BackupError {
  if (only.length === 0)
    return new BackupError('NOTHING_SELECTED', 'this backup holds nothing', {
      hint: 'Choose another: migbackup list.',
    });
  return new BackupError('NOTHING_SELECTED', `--only ${only.join(' --only ')} matches nothing in this backup`, {
    hint: `Its categories are: ${Object.keys(manifest.categories).join(', ')}. migbackup show --files lists every path.`,
  });
}

function storeInParts(store: string): BackupError {
  return new BackupError('USAGE', `${store} is restored whole or not at all: parts of a database are none`, {
    hint: `Use --only ${store}.`,
    path: store,
  });
}
