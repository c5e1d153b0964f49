import path from 'node:path';
import { readIndex } from '../format/index-file.ts';
import { throwIfInterrupted } from '../model/backup-error.ts';
import type { Entry } from '../model/entry.ts';
import type { Context } from '../model/event.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import type { ShownEntry, ShowReport } from '../model/show-report.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { INDEX_FILE } from '../format/layout.ts';
import { readManifest } from '../format/manifest-file.ts';
import { completenessOf } from '../format/why-partial.ts';
import { databasesAt, nothingSelected } from '../extract/selection.ts';
import { namedIn, selectEntries, type EntryFilter } from '../scan/terms.ts';
import { deploymentsInBackup } from '../extract/registries.ts';
import { countDeployments } from '../records/compare-deployments.ts';
import { startReport } from '../repository/report-head.ts';

export interface ShowOptions {
  /** List the entries too. */
  readonly files?: boolean | undefined;
  /** Categories, `category/source`, paths or globs. */
  readonly only?: readonly string[] | undefined;
  /** List at most this many entries. */
  readonly limit?: number | undefined;
  /** An allowed-signers file, by which the signer is named. */
  readonly allowedSigners?: string | undefined;
}

interface IndexView {
  readonly selected: { entries: number; bytes: number };
  readonly entries: ShownEntry[];
  readonly categories: Set<string>;
}

/**
 * One backup in detail, as its manifest and index state it, and what deployment registries in it record. Nothing but these registries is verified.
 * Throws NOTHING_SELECTED if `only` matches nothing.
 */
export async function show(selected: SelectedBackup, options: ShowOptions, context: Context): Promise<ShowReport> {
  const head = startReport(context);
  const manifest = readManifest(selected.folder);
  const narrowed = options.only !== undefined && options.only.length > 0;
  const isSelected = selectEntries(options.only, namedIn(manifest), databasesAt(manifest));
  const view =
    options.files === true || narrowed ? await viewIndex(selected.folder, isSelected, options, context) : null;
  if (narrowed && view?.selected.entries === 0) throw nothingSelected(selected.id, manifest, options.only ?? []);
  const recorded = await deploymentsInBackup(selected.folder, manifest, context.signal, isSelected);
  const file = options.allowedSigners;
  const names = file && (await import('../protection/name-signers.ts')).nameSigners(file, context);
  const categories = Object.entries(manifest.categories).filter(
    ([name]) => !narrowed || view?.categories.has(name) === true,
  );
  return {
    ...head(),
    operation: 'show',
    backupId: selected.id,
    folder: selected.fromFile ?? selected.folder,
    fromFile: selected.fromFile ?? null,
    kind: manifest.kind,
    completeness: completenessOf(manifest, selected.fromFile ?? selected.folder),
    createdAt: manifest.createdAt,
    note: manifest.note ?? null,
    tags: manifest.tags ?? {},
    madeBy: manifest.tool,
    host: manifest.host,
    project: manifest.project,
    // A signature says which backup it is of only by its manifest.
    ...(names && { signer: manifest.backupId === (selected.auditId ?? selected.id) ? names.ofBackup(selected) : null }),
    holdsSecrets: manifest.findings.some(({ code }) => code === ('secret-taken' satisfies FindingCode)),
    categories: Object.fromEntries(categories),
    totals: manifest.totals,
    absent: manifest.absent ?? [],
    selected: view?.selected ?? null,
    entries: options.files === true ? (view?.entries ?? []) : null,
    deployments: countDeployments(recorded.deployments),
    findings: [...manifest.findings, ...recorded.findings],
  };
}

async function viewIndex(
  folder: string,
  isSelected: EntryFilter,
  options: ShowOptions,
  context: Context,
): Promise<IndexView> {
  const keep = options.files === true ? (options.limit ?? Infinity) : 0;
  const view: IndexView = { selected: { entries: 0, bytes: 0 }, entries: [], categories: new Set() };
  for await (const batch of readIndex(path.join(folder, INDEX_FILE))) {
    throwIfInterrupted(context.signal);
    for (const entry of batch) {
      if (!isSelected(entry)) continue;
      view.selected.entries++;
      view.selected.bytes += entry.size;
      view.categories.add(entry.category);
      if (view.entries.length < keep) view.entries.push(shown(entry));
    }
  }
  return view;
}

function shown(entry: Entry): ShownEntry {
  return {
    category: entry.category,
    source: entry.source,
    path: entry.path,
    type: entry.type,
    bytes: entry.size,
    mode: entry.mode.toString(8).padStart(4, '0'),
    modifiedAt: isoTime(entry.mtimeNs),
    ...(entry.sha256 === undefined ? {} : { sha256: entry.sha256 }),
    ...(entry.target === undefined ? {} : { target: entry.target }),
  };
}

/** An index may state any 64-bit time; a time that no calendar has is shown as nanoseconds. */
function isoTime(mtimeNs: bigint): string {
  const date = new Date(Number(mtimeNs / 1_000_000n));
  return Number.isNaN(date.getTime()) ? `${mtimeNs} ns` : date.toISOString();
}
