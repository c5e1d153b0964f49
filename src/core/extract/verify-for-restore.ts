/*
 * Room "extract": it selects entries of a backup and writes them out. selection.ts says what --only selects, staging-gate.ts lets only verified
 * entries through, write-entries.ts and placing-sink.ts write them. It knows no project: its caller decides where an entry is written.
 */
import type { MemberSink } from '../format/member-sink.ts';
import type { Context } from '../model/event.ts';
import type { Entry } from '../model/entry.ts';
import type { Manifest } from '../model/manifest.ts';
import { readManifest } from '../format/manifest-file.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { auditBackup, type AuditOptions } from '../audit/audit.ts';
import { StagingGate } from './staging-gate.ts';
import { Selection, type SelectionOptions } from './selection.ts';

export type { SelectionOptions } from './selection.ts';

export interface VerifiedBackup {
  readonly manifest: Manifest;
  /** The entries that are to be restored, in index order. */
  readonly wanted: readonly Entry[];
}

/**
 * Verifies a backup in full and reads which entries `only` selects. Throws BACKUP_DAMAGED, NOTHING_SELECTED, USAGE or UNSAFE_ARCHIVE, as
 * `Selection.require` says.
 */
export async function verifyForRestore(
  selected: SelectedBackup,
  options: SelectionOptions,
  context: Context,
): Promise<VerifiedBackup> {
  const manifest = readManifest(selected.folder);
  const wanted = new Selection(selected.id, manifest, options);
  const entries: Entry[] = [];
  const observer = {
    entry(entry: Entry): void {
      if (wanted.count(entry)) entries.push(entry);
    },
  };
  const how = { ...scopeOf(selected, wanted, options), observer };
  const audit = await auditBackup(selected.folder, idOf(selected), how, context);
  wanted.require(audit.findings);
  return { manifest, wanted: entries };
}

/**
 * Verifies and writes in one pass: `sink` gets the wanted entries while the backup is being verified. Once an error concerns them, it gets no more of
 * them. If this throws, the caller removes what was written, because it is worth nothing.
 * @param onWanted called with each wanted entry
 * @param phase what the progress is called
 */
export async function verifyWhileStaging(
  selected: SelectedBackup,
  manifest: Manifest,
  options: SelectionOptions,
  sink: MemberSink,
  onWanted: (entry: Entry) => void,
  context: Context,
  phase = 'restoring',
): Promise<Selection> {
  const wanted = new Selection(selected.id, manifest, options);
  const observer = new StagingGate(manifest, wanted, options.only.length === 0, sink, onWanted);
  const how = { ...scopeOf(selected, wanted, options), phase, observer };
  const audit = await auditBackup(selected.folder, idOf(selected), how, context);
  wanted.require(audit.findings);
  observer.requireAll();
  return wanted;
}

/** Everything, or of a copy that is fetched when it is read, what is selected. */
function scopeOf(
  { isPartly, artifactsSha256 }: SelectedBackup,
  wanted: Selection,
  { only }: SelectionOptions,
): AuditOptions {
  if (isPartly !== true) return { mode: 'full', artifactsSha256 };
  return { mode: 'selection', only: { terms: only, has: (entry) => wanted.has(entry) }, artifactsSha256 };
}

function idOf(selected: SelectedBackup): string {
  return selected.auditId ?? selected.id;
}
