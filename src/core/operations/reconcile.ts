import fs from 'node:fs';
import path from 'node:path';
import { configOf } from '../change/plan-restore.ts';
import { splitDatabaseName, withArchivedDatabase } from '../extract/archived-database.ts';
import { readManifest } from '../format/manifest-file.ts';
import { select } from '../import-v1/open-backup.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { Manifest } from '../model/manifest.ts';
import { plural } from '../model/plural.ts';
import { isAccountedFor, RECORD_STATUSES } from '../model/record-status.ts';
import type { ReconcileAllReport, ReconciledDatabase, ReconcileReport } from '../model/reconcile-report.ts';
import { shellLine } from '../model/shell-quote.ts';
import { databasesOf } from '../model/stated-databases.ts';
import { globProblem } from '../paths/globs.ts';
import { escapeName, shorten } from '../paths/names.ts';
import { accountDatabase, type AccountedDatabase } from '../reconcile/account-database.ts';
import { lookForNewState, type NewState } from '../reconcile/new-state.ts';
import { shownRecord } from '../reconcile/shown.ts';
import { startReport } from '../repository/report-head.ts';
import type { SelectedBackup } from '../repository/selected.ts';
import { checkRules, type Learned, namesOf, type NamedRules, rulesFor } from './reconcile/rules-for.ts';
import { requireConfigFile, writeRules } from './reconcile/write-rules.ts';

export interface ReconcileOptions {
  /** `DATABASE` or `BACKUP:DATABASE`; undefined: all databases of the backup. */
  readonly name: string | undefined;
  /** The backup, if `name` has none: by default that of MIGBACKUP_ID, otherwise the latest. */
  readonly latest?: boolean | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Globs of what is searched; empty: those of the rules, otherwise what was added or changed. */
  readonly in: readonly string[];
  /** Only `found` and `explained` count as accounted for. */
  readonly strict?: boolean | undefined;
  readonly writeRules?: boolean | undefined;
  readonly cwd: string;
}

/**
 * Accounts for every record of a database of a backup, or of all of them, in what the project holds now. It only reads, but for `writeRules`. Throws USAGE,
 * CONFIG_INVALID, NO_SUCH_BACKUP, NO_SUCH_DATABASE, BACKUP_DAMAGED.
 */
export async function reconcile(
  project: Project,
  options: ReconcileOptions,
  context: Context,
): Promise<ReconcileReport | ReconcileAllReport> {
  const head = startReport(context);
  checkGlobs(options.in);
  checkRules(project.config);
  const config = options.writeRules === true ? requireConfigFile(project.config) : null;
  const named = options.name === undefined ? null : splitDatabaseName(options.name, options.cwd);
  const selected = await select(project, named?.backup ?? defaultBackup(options), options.cwd, context);
  try {
    const run = new Run(project, selected, options, context);
    const term = (named?.database ?? options.name)?.replace(/^\.\//, '');
    const databases = term === undefined ? await run.all() : [await run.one(term)];
    const wrote = config === null ? null : writeRules(config, run.learned);
    const rest = { strict: options.strict === true, wrote, findings: run.findings };
    const [only] = databases;
    if (term !== undefined && only !== undefined) return { ...head(), operation: 'reconcile', ...only, ...rest };
    const notAccountedFor = databases.reduce((sum, database) => sum + database.notAccountedFor, 0);
    return { ...head(), operation: 'reconcile-all', backupId: selected.id, databases, notAccountedFor, ...rest };
  } finally {
    selected.dispose();
  }
}

/** A guard says which backup it took, and where: it may have been given another repository. */
function defaultBackup({ latest, env }: ReconcileOptions): string {
  const { MIGBACKUP_ID: id = '', MIGBACKUP_DIR: folder = '' } = env;
  if (latest === true || id === '') return 'latest';
  return path.basename(folder) === id && fs.existsSync(folder) ? folder : id;
}

function checkGlobs(globs: readonly string[]): void {
  for (const glob of globs) {
    const problem = globProblem(glob);
    if (problem === null) continue;
    throw new BackupError('USAGE', `--in ${shorten(escapeName(glob))}: ${problem}`, {
      hint: 'Give a simpler pattern, or several.',
    });
  }
}

class Run {
  readonly findings: Finding[] = [];
  readonly learned: Learned[] = [];
  readonly #project: Project;
  readonly #selected: SelectedBackup;
  readonly #manifest: Manifest;
  readonly #options: ReconcileOptions;
  readonly #context: Context;
  /** By its globs: databases without rules of their own have the same new state. */
  readonly #states = new Map<string, NewState>();

  constructor(project: Project, selected: SelectedBackup, options: ReconcileOptions, context: Context) {
    this.#project = project;
    this.#selected = selected;
    this.#manifest = readManifest(selected.folder);
    this.#options = options;
    this.#context = context;
  }

  async all(): Promise<ReconciledDatabase[]> {
    const databases = databasesOf(this.#manifest);
    if (databases.length === 0) {
      throw new BackupError('NO_SUCH_DATABASE', `${this.#selected.id} holds no database`, {
        hint: 'Name a database of another backup: migbackup reconcile BACKUP:DATABASE',
        details: { databases: [] },
      });
    }
    const accounted: ReconciledDatabase[] = [];
    for (const database of databases) accounted.push(await this.one(database.path));
    // Whether it is a database, and which, is seen only when it is opened: it was stored as plain files.
    for (const { code, path: place = '' } of this.#manifest.findings)
      if (code === 'database-not-proven' && !databases.some((database) => database.path === place))
        this.findings.push(notAccounted(place));
    const known = new Set(databases.flatMap((database) => namesOf(this.#manifest, database.path)));
    for (const name of Object.keys(this.#project.config.reconcile ?? {}))
      if (!known.has(name)) this.findings.push(ruleProblem(name, `${this.#selected.id} holds no such database`));
    return accounted;
  }

  /** @param term `category/source`, or the path of a database */
  one(term: string): Promise<ReconciledDatabase> {
    return withArchivedDatabase(this.#selected.folder, term, this.#context, async (old) => {
      const named = rulesFor(this.#project.config, this.#manifest, old.path);
      const globs = this.#options.in.length > 0 ? this.#options.in : (named.rules?.in ?? []);
      this.#context.onEvent?.({ type: 'phase-begin', phase: 'reconciling' });
      const news = await this.#newState(globs);
      const accounted = await accountDatabase(this.#project.root, old, news, named.rules, this.#context);
      this.#note(old.path, named, news, accounted);
      this.learned.push({ ...named, in: globs, accounted });
      return this.#describe(old.path, old.stated?.digest ?? null, globs, news, accounted);
    });
  }

  async #newState(globs: readonly string[]): Promise<NewState> {
    const key = JSON.stringify(globs);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const { folder } = this.#selected;
    const config = configOf(this.#manifest, this.#project.config);
    const backup = { folder, manifest: this.#manifest };
    const state = await lookForNewState(this.#project, config, backup, globs, this.#context);
    this.#states.set(key, state);
    return state;
  }

  #describe(
    database: string,
    digest: string | null,
    globs: readonly string[],
    news: NewState,
    accounted: AccountedDatabase,
  ): ReconciledDatabase {
    const { entries, counts, sameKey, places, learnedFrom, withoutPlace, records, moreRecords, unread } = accounted;
    const counting = RECORD_STATUSES.filter((status) => isAccountedFor(status, this.#options.strict));
    const counted = counting.reduce((sum, status) => sum + counts[status], 0);
    return {
      old: { backupId: this.#selected.id, database, entries, digest },
      new: {
        where: this.#project.root,
        in: [...globs],
        files: [...news.files, ...news.databases.map((each) => each.path)].toSorted(),
      },
      counts,
      notAccountedFor: entries - counted,
      sameKey: Object.fromEntries(sameKey),
      places: Object.fromEntries(Object.entries(places).map(([field, patterns]) => [field, [...patterns]])),
      learnedFrom,
      withoutPlace: [...withoutPlace],
      records: records.map(shownRecord).map(({ beside, ...record }) => ({
        ...record,
        values: record.values.map((value) => ({ ...value, at: value.at.map((at) => ({ ...at })) })),
        ...(beside !== undefined && { beside: [...beside] }),
      })),
      moreRecords,
      unread: unread.map((each) => ({ ...each })),
    };
  }

  #note(database: string, { name, rules }: NamedRules, news: NewState, accounted: AccountedDatabase): void {
    const { ruleProblems, limit, unread, counts } = accounted;
    if (rules !== undefined) for (const problem of ruleProblems) this.findings.push(ruleProblem(name, problem));
    if (news.unchanged.includes(database)) this.findings.push(unchanged(database));
    if (limit !== null)
      this.findings.push(notSearched(database, `${limit}: ${plural(counts.unsearched, 'record')} not searched`));
    const [first] = unread;
    if (first !== undefined && counts.unsearched > 0) {
      const more = unread.length > 1 ? `, and ${unread.length - 1} more` : '';
      const what = `${escapeName(first.file)} ${first.why}${more}: ${plural(counts.unsearched, 'record')} may be there`;
      this.findings.push(notSearched(database, what));
    }
  }
}

function ruleProblem(name: string, problem: string): Finding {
  return {
    code: 'rule-unmatched',
    severity: 'warning',
    message: `reconcile.${escapeName(name)}: ${problem}`,
    path: name,
    recommendation: 'Correct or remove that rule in migbackup.config.json: it says something that is not so.',
  };
}

function unchanged(database: string): Finding {
  return {
    code: 'database-unchanged',
    severity: 'info',
    message: `${escapeName(database)} still holds exactly what it held, and is no part of the new state`,
    path: database,
    recommendation: `If its records are meant to stay there, search it too: ${shellLine(['migbackup', 'reconcile', '--in', database])}`,
  };
}

function notAccounted(database: string): Finding {
  return {
    code: 'records-not-searched',
    severity: 'warning',
    message: `${escapeName(database)} was stored as plain files, and is not accounted for`,
    path: database,
    recommendation: `Account for it by its name: ${shellLine(['migbackup', 'reconcile', database])}`,
  };
}

function notSearched(database: string, message: string): Finding {
  return {
    code: 'records-not-searched',
    severity: 'warning',
    message,
    path: database,
    recommendation: 'Repair or remove what cannot be read, or narrow the search with --in; then run it again.',
  };
}
