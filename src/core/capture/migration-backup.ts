import type { Category, Compression, Project } from '../model/category.ts';
import type { CreateReport } from '../model/create-report.ts';
import type { Finding } from '../model/finding.ts';
import type { Context } from '../model/event.ts';
import { awayFrom, lostState } from '../checks/lost-state.ts';
import { withProvenCopy } from '../checks/proven-copy.ts';
import { goneAccepted, stateGone, withRestoreLine } from '../checks/preflight/state.ts';
import { rememberMade, rememberTaken } from '../config/checkout.ts';
import { ownBackups } from '../repository/whose.ts';
import { completenessOf } from '../format/why-partial.ts';
import { chooseRaw } from './choose-raw.ts';
import { takeBackup, type TakenBackup } from './take-backup.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';
import { nearest } from '../model/nearest.ts';
import { CONFIG_FILE } from '../config/config-file.ts';
import { Ownership } from '../scan/ownership.ts';
import { scanCategory } from '../scan/scanner.ts';
import { isName, mayHold } from '../scan/terms.ts';

export interface MigrationOptions {
  /** What to store, as terms of `selectEntries`. None means everything. */
  readonly only?: readonly string[] | undefined;
  readonly tags?: Record<string, string> | undefined;
  readonly note?: string | undefined;
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  /** Whether the backup is read back and proven before it gets its name. */
  readonly verify: boolean;
  readonly allowPartial: boolean;
  /** Databases to take as plain files, unproven: a category, category/source, the path of a database or of a folder with databases. */
  readonly raw?: readonly string[] | undefined;
  /** Whether the user accepts that what earlier backups have is gone from the project. Then it is not reported any more. */
  readonly acceptGone?: boolean | undefined;
}

/** What the report says about a backup that was taken. */
export type DescribedBackup = Omit<CreateReport, 'tool' | 'startedAt' | 'durationMs'>;

/** Takes the prepared backup. `known` are findings from before. The caller holds the locks. */
export type TakeMigrationBackup = (context: Context, known?: readonly Finding[]) => Promise<DescribedBackup>;

/**
 * Checks that there is something to back up before anything is made, so that a refused command leaves nothing behind. Returns the function that takes
 * the backup. Throws NOTHING_TO_BACK_UP, UNKNOWN_CATEGORY, or USAGE for a `raw` that names no database. The returned function throws what takeBackup
 * throws, and NOTHING_TO_BACK_UP.
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
    // This comes first: afterwards this backup is the newest one.
    const lost = await lostState(project, context.signal);
    const gone = options.acceptGone === true ? goneAccepted(lost) : stateGone(lost);
    const how = { ...options, raw, kind: 'migration', config, categories, beforeCommit: refuseEmpty } as const;
    const away = options.acceptGone === true ? [] : awayFrom(project, ownBackups(project).length === 0);
    try {
      const taken = await takeBackup(narrowed, { ...how, findings: [...gone.map(inManifest), ...known] }, context);
      const { backupId } = taken.manifest;
      rememberMade(project, backupId, taken.artifactsSha256);
      const why = rememberTaken(project, { last: backupId, away });
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
    message: `the backup was made, but it could not be noted in .migbackup/project.json: ${why}`,
    recommendation:
      'Remove the cause. The next create writes the note again, and removes what is left of this attempt.',
  };
}

/** The finding as the manifest has it. It names only the backup to compare with: that comparison shows what is gone, which may be a long list. */
function inManifest({ evidence, ...finding }: Finding): Finding {
  return { ...finding, evidence: { backupId: evidence?.['backupId'] } };
}

/** An empty success would be the worst answer. So a backup that holds nothing, or nothing of what --only names, is an error. */
function refuseEmpty({ config, categories, totals }: TakenBackup['manifest']): void {
  const holds = (name: string): boolean => {
    const category = categories[name];
    return category !== undefined && category.files + category.symlinks > 0;
  };
  const empty = config.only === undefined ? undefined : Object.keys(categories).find((name) => !holds(name));
  if (empty === undefined && (totals.files > 0 || Object.keys(categories).some(holds))) return;
  throw nothingToBackUp(empty);
}

/** What create reports about a backup that it has taken. */
function describeTaken({
  manifest,
  folder,
  artifactsSha256,
  audit,
  auditMs,
  unkept,
  notLookedAt,
}: TakenBackup): DescribedBackup {
  const { backupId, kind, categories, totals, findings } = manifest;
  const partial = Object.values(categories).some((category) => category.status === 'partial');
  return {
    operation: 'create',
    backupId,
    folder,
    artifactsSha256,
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

/**
 * The categories of which a backup with `only` stores something, in the config's order. Without `only`, all of them. Before anything is made, each
 * term must have at least one file, link, database or problem, so that a refused command leaves nothing behind. Throws UNKNOWN_CATEGORY for a term
 * that is neither a name nor the path of something that is backed up, and NOTHING_TO_BACK_UP.
 */
function chooseCategories(project: Project, only: readonly string[] = []): readonly Category[] {
  const { categories } = project.config;
  if (only.length === 0) {
    // The config only says what to back up. By itself it is not worth a backup.
    if (!categories.some((category) => holds(project, category, CONFIG_FILE))) throw nothingToBackUp(undefined);
    return categories;
  }
  const chosen = new Set<Category>();
  for (const term of only) {
    const narrowed = { ...project, config: { ...project.config, only: [term] } };
    const found = categories.filter((category) => mayBeIn(term, category, categories) && holds(narrowed, category));
    for (const category of found) chosen.add(category);
    if (found.length > 0) continue;
    throw isName(term, categories) ? nothingToBackUp(term) : unknown(term, categories);
  }
  return categories.filter((category) => chosen.has(category));
}

/** Whether a term may mean something in a category. The categories that a name does not mean need not be searched. */
function mayBeIn(term: string, { name, sources }: Category, categories: readonly Category[]): boolean {
  const has = mayHold([term], categories);
  return !isName(term, categories) || sources.some((source) => has({ category: name, source: source.name, path: '' }));
}

/** Whether a category has a file or a link other than `but`. */
function holds(project: Project, category: Category, but?: string): boolean {
  const ownership = new Ownership(project.config.categories);
  let seen = false;
  const onProblem = (): void => {
    seen = true;
  };
  for (const item of scanCategory(project, category, { ownership, onProblem })) {
    if (seen || item.kind !== 'entry') return true;
    if (item.entry.type !== 'dir' && item.entry.path !== but) return true;
  }
  return seen;
}

function unknown(term: string, categories: readonly Category[]): BackupError {
  const names = categories.map(({ name }) => name);
  const sources = categories.flatMap((category) => category.sources.map((source) => `${category.name}/${source.name}`));
  const guess = nearest(term, [...names, ...sources]);
  const text = `--only ${escapeName(term)} names no category, no source and nothing else that is backed up`;
  return new BackupError('UNKNOWN_CATEGORY', text, {
    hint: `${guess === undefined ? '' : `Did you mean ${guess}? `}The categories are: ${names.join(', ')}.`,
  });
}

/** @param term the term of `--only`; undefined for everything */
function nothingToBackUp(term: string | undefined): BackupError {
  const where =
    term === undefined ? 'there is nothing to back up here' : `there is nothing to back up in ${escapeName(term)}`;
  return new BackupError('NOTHING_TO_BACK_UP', where, {
    hint:
      term === undefined
        ? 'Run the command in the project, or give --root. If this is the project, say what to back up in migbackup.config.json, which migbackup init writes.'
        : 'migbackup validate shows what each category holds.',
  });
}
