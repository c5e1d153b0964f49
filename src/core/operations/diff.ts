import type { Project } from '../model/category.ts';
import { throwIfInterrupted } from '../model/backup-error.ts';
import type { DiffChange, DiffReport } from '../model/diff-report.ts';
import type { Context } from '../model/event.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { backupSide, type BackupSide } from './diff/backup-side.ts';
import { compareDatabases } from './diff/compare-databases.ts';
import { compareEntries } from './diff/compare-entries.ts';
import type { ContentOptions } from './diff/file-content.ts';
import { liveSide } from './diff/live-side.ts';
import type { Side, SideEntry } from './diff/side.ts';
import { Wanted } from './diff/wanted.ts';
import type { Finding } from '../model/finding.ts';
import type { FindingCode } from '../model/finding-codes.ts';
import { compareDeployments } from '../records/compare-deployments.ts';
import type { ReadDeployments } from '../records/deployments.ts';
import { startReport } from '../repository/report-head.ts';
import { configOf } from '../change/plan-restore.ts';

/** Compares two backups, the older as `before`. Throws NOTHING_SELECTED, and BACKUP_DAMAGED if an index is not what its manifest says; with `content` as `FileContent`. */
export async function diffBackups(
  before: SelectedBackup,
  after: SelectedBackup,
  context: Context,
  only: readonly string[] = [],
  content?: ContentOptions,
): Promise<DiffReport> {
  const [old, now] = [backupSide(before, context), backupSide(after, context)];
  return diff(old, now, new Wanted(only, [old.manifest, now.manifest]), context, content);
}

/** Compares a backup with what its sources hold now. Live databases are captured and read, not opened. */
export async function diffLive(
  project: Project,
  before: SelectedBackup,
  context: Context,
  only: readonly string[] = [],
  content?: ContentOptions,
): Promise<DiffReport> {
  const backup = backupSide(before, context);
  const { manifest } = backup;
  const live = liveSide(project, configOf(manifest, project.config), manifest.findings, context);
  return diff(backup, live, new Wanted(only, [manifest]), context, content);
}

async function diff(
  before: BackupSide,
  after: Side,
  wanted: Wanted,
  context: Context,
  asked: ContentOptions | undefined,
): Promise<DiffReport> {
  const head = startReport(context);
  const content = asked === undefined ? null : new (await import('./diff/file-content.ts')).FileContent(asked);
  const entriesOf = (category: string, side: Side): AsyncGenerator<SideEntry> => {
    const entries = wanted.of(category, side);
    return content?.watch(side, entries) ?? entries;
  };
  context.onEvent?.({ type: 'phase-begin', phase: 'comparing' });
  const changes: DiffChange[] = [];
  const categories: DiffReport['categories'] = {};
  for (const name of new Set([...before.categories, ...after.categories])) {
    throwIfInterrupted(context.signal);
    const [old, now] = [entriesOf(name, before), entriesOf(name, after)];
    const counts = await compareEntries(name, old, now, (change) => changes.push(change));
    if (Object.values(counts).some((figure) => figure > 0)) categories[name] = counts;
  }
  const databases = await compareDatabases(before, after, wanted.has, context.signal);
  const recorded = [await before.recorded(wanted.has), await after.recorded(wanted.has)] as const;
  const said = [...before.findings(), ...after.findings()].filter((finding) => wanted.isSaid(finding));
  const findings = [...said, ...notCompared(recorded)];
  wanted.require(said);
  return {
    ...head(),
    operation: 'diff',
    before: { backupId: before.backupId, where: before.where },
    after: { backupId: after.backupId, where: after.where },
    selection: [...wanted.terms],
    same: changes.length === 0 && !findings.some(({ code }) => code === 'not-compared'),
    categories,
    changes,
    databases,
    ...(content !== null && { content: await content.compare(before, after, databases) }),
    deployments: compareDeployments(recorded[0].deployments, recorded[1].deployments),
    findings,
  };
}

/** Why deployments may be missing from the comparison; both sides may have the same cause. What else is wrong with registries is no difference. */
function notCompared(sides: readonly ReadDeployments[]): Finding[] {
  const codes: readonly FindingCode[] = ['registry-invalid', 'registry-not-read'];
  const all = sides.flatMap(({ findings }) => findings).filter(({ code }) => codes.includes(code));
  return [...new Map(all.map((finding) => [finding.message, finding])).values()];
}
