import type { Compression, Project } from '../model/category.ts';
import type { CreateReport } from '../model/create-report.ts';
import type { Finding } from '../model/finding.ts';
import type { Context } from '../model/event.ts';
import { awayFrom, lostState } from '../checks/lost-state.ts';
import { withProvenCopy } from '../checks/proven-copy.ts';
import { goneAccepted, stateGone, withRestoreLine } from '../checks/preflight/state.ts';
import { rememberTaken } from '../config/checkout.ts';
import { ownBackups } from '../repository/whose.ts';
import { completenessOf } from '../format/why-partial.ts';
import { chooseRaw } from './choose-raw.ts';
import { chooseCategories, nothingToBackUp } from './choose-categories.ts';
import { takeBackup, type TakenBackup } from './take-backup.ts';

export interface MigrationOptions {
  /** Terms as `selectEntries` has them; none means all. */
  readonly only?: readonly string[] | undefined;
  readonly tags?: Record<string, string> | undefined;
  readonly note?: string | undefined;
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** Read back and prove before it counts. */
  readonly verify: boolean;
  readonly allowPartial: boolean;
  /** Databases (category, category/source, or path of one or of a folder with some) to take as plain files, unproven. */
  readonly raw?: readonly string[] | undefined;
  /** What earlier backups have and the project has not may be gone: it is not said any more. */
  readonly acceptGone?: boolean | undefined;
}

/** What is said of a backup that was taken. */
export type DescribedBackup = Omit<CreateReport, 'tool' | 'startedAt' | 'durationMs'>;

/** Takes the backup that was asked for, with what is known of it before. The caller holds the locks. */
export type TakeMigrationBackup = (context: Context, known?: readonly Finding[]) => Promise<DescribedBackup>;

/**
 * Looks whether there is what was asked for, before anything is made: nothing to do leaves nothing behind. Returns what takes the backup.
 * Throws NOTHING_TO_BACK_UP, UNKNOWN_CATEGORY, or USAGE for a `raw` that names no database; the function it returns throws what takeBackup throws, and NOTHING_TO_BACK_UP.
 */
export function prepareMigrationBackup(project: Project, options: MigrationOptions): TakeMigrationBackup {
  const categories = chooseCategories(project, options.only);
  const config = {
    ...project.config,
    only: options.only,
    compression: options.compression ?? project.config.compression,
    level: options.level ?? project.config.level,
  };
  const narrowed = { ...project, config };
  const raw = chooseRaw(narrowed, categories, options.raw);
  return async (context, known = []) => {
    // Before this backup is the newest.
    const lost = await lostState(project, context.signal);
    const gone = options.acceptGone === true ? goneAccepted(lost) : stateGone(lost);
    const how = { ...options, raw, kind: 'migration', config, categories, beforeCommit: refuseEmpty } as const;
    const away = options.acceptGone === true ? [] : awayFrom(project, ownBackups(project).length === 0);
    try {
      const taken = await takeBackup(narrowed, { ...how, findings: [...gone.map(inManifest), ...known] }, context);
      const why = rememberTaken(project, { last: taken.manifest.backupId, away });
      const described = describeTaken(taken);
      const unnoted = why === null ? [] : [takenNotNoted(why)];
      return { ...described, findings: [...gone, ...described.findings.slice(gone.length), ...unnoted] };
    } catch (error) {
      throw withProvenCopy(withRestoreLine(error, lost), project);
    }
  };
}

function takenNotNoted(why: string): Finding {
  return {
    code: 'taken-not-noted',
    severity: 'warning',
    message: `the backup stands, but .migbackup/project.json could not be told of it: ${why}`,
    recommendation: 'Remove the cause: the next create notes it again, and removes what is left of this attempt.',
  };
}

/** A manifest names the backup to compare with; what of it is gone is seen then, and may be a long list. */
function inManifest({ evidence, ...finding }: Finding): Finding {
  return { ...finding, evidence: { backupId: evidence?.['backupId'] } };
}

/** An empty success would be the worst answer: nothing at all, or nothing in a category that was asked for, is an error. */
function refuseEmpty({ config, categories, totals }: TakenBackup['manifest']): void {
  const holds = (name: string): boolean => {
    const category = categories[name];
    return category !== undefined && category.files + category.symlinks > 0;
  };
  const empty = config.only === undefined ? undefined : Object.keys(categories).find((name) => !holds(name));
  if (empty === undefined && (totals.files > 0 || Object.keys(categories).some(holds))) return;
  throw nothingToBackUp(empty);
}

/** What create says of a backup that it has taken. */
function describeTaken({ manifest, folder, audit, auditMs, unkept, notLookedAt }: TakenBackup): DescribedBackup {
  const { backupId, kind, categories, totals, findings } = manifest;
  const partial = Object.values(categories).some((category) => category.status === 'partial');
  return {
    operation: 'create',
    backupId,
    folder,
    kind,
    completeness: completenessOf(manifest, folder),
    status: partial ? 'partial' : 'complete',
    categories,
    totals: { files: totals.files, bytes: totals.bytes, archivedBytes: totals.archivedBytes },
    verified:
      audit === null || audit.status === 'FAILED'
        ? null
        : { status: audit.status, durationMs: auditMs, bytes: audit.totals.bytes },
    findings: [...findings, ...unkept],
    notLookedAt: [...notLookedAt],
  };
}
