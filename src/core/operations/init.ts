import path from 'node:path';
import { gitCleanable } from '../checks/preflight/repository.ts';
import { shellLine } from '../model/shell-quote.ts';
import { coverageFindings } from '../checks/coverage.ts';
import { checkCategories } from '../config/conflicts.ts';
import { detect, type Found, sourceExists } from '../config/detect.ts';
import { rememberedId } from '../config/checkout.ts';
import { newProjectId } from '../config/identity.ts';
import { CONFIG_FILE, type NewConfig, renderConfig } from '../config/config-file.ts';
import { loadConfig } from '../config/load.ts';
import { escapeName } from '../paths/names.ts';
import { BackupError } from '../model/backup-error.ts';
import type { Project } from '../model/category.ts';
import type { Context } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { InitChange, InitReport } from '../model/init-report.ts';
import { Ownership } from '../scan/ownership.ts';
import { foldersToIgnore } from '../config/setup/gitignore.ts';
import { addToSection, type SectionEdit } from '../config/setup/package-json.ts';
import { SCRIPTS } from '../config/setup/npm-scripts.ts';
import { objectIn } from '../config/workspaces.ts';
import { readExisting, writeText, type Existing } from '../config/setup/text-file.ts';
import { startReport } from '../repository/report-head.ts';

export interface InitOptions {
  /** Changes nothing and lists the changes. */
  readonly dryRun?: boolean | undefined;
  /** Also makes migbackup a devDependency, so that the npm scripts find it. */
  readonly install?: boolean | undefined;
  /** Absolute: where backups are to be kept, for a config that is written now. */
  readonly backups?: string | undefined;
  /** Paths that the config is to cover from now on: relative to the project or to `cwd`, or absolute. */
  readonly add?: readonly string[] | undefined;
  /** Absolute: the folder that a printed command line names paths from. */
  readonly cwd?: string | undefined;
  /** Where MANIFEST_DEFAULT_DIR is looked up. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** How the report names the dependency that was added. */
const DEPENDENCY = 'devDependencies migbackup: ';

/** One file to write, and what the report says about it. */
interface Edit {
  readonly change: InitChange;
  readonly before: Existing;
  readonly text: string;
}

/**
 * Sets a project up: a migbackup.config.json that extends the preset, also by what is in the workspaces; five npm scripts, with `install` also the
 * dependency that they need; and lines of .gitignore. It only adds: what is there already stays byte for byte, so a second run changes nothing. Throws
 * CONFIG_INVALID if an existing config is not valid, IO if a file cannot be written.
 * @param root absolute path of the project
 */
export async function init(root: string, options: InitOptions, context: Context): Promise<InitReport> {
  const finish = startReport(context);
  const env = options.env ?? process.env;
  const loaded = loadConfig(root, { env });
  const { found, categories, added, applied, workspaces } = detect(root, env);
  const findings: Finding[] = [];
  const add = (finding: Finding): void => {
    findings.push(finding);
    context.onEvent?.({ type: 'finding', finding });
  };

  const kept = loaded.config.file;
  const before = kept === undefined ? categories : loaded.config.categories;
  checkCategories(before, CONFIG_FILE, kept === undefined);
  const wanted = options.backups === undefined ? 'backups' : placeIn(root, options.backups);
  const backups = kept === undefined ? wanted : (loaded.backups ?? 'backups');
  const repository = path.resolve(root, backups);
  if (kept !== undefined && options.backups !== undefined && repository !== options.backups)
    add(leftAlone(CONFIG_FILE, `exists already, and keeps backups in ${escapeName(backups)}`));
  const isApplied = ({ preset, folder }: Found): boolean =>
    folder === '.' || applied.get(preset)?.includes(folder) === true;
  const isInConfig = ({ preset, folder }: Found): boolean => loaded.config.presets?.[preset]?.includes(folder) === true;
  const packageFile = readExisting(path.join(root, 'package.json'));
  const declared = isDependency(packageFile);
  const own = kept === undefined ? [configEdit(root, packageFile, { applied, added, backups })] : [];
  const addition = await addedTo(
    own,
    { root, repository, config: { ...loaded.config, categories: before } },
    options,
    context,
  );
  const effective = addition?.categories ?? before;
  const edits = [
    ...(addition?.edits ?? own),
    ...packageEdit(packageFile, options.install === true && !declared ? context.tool.version : null, add),
    ...ignoreEdit(root, repository, add),
  ];
  const installed = declared || edits.some(({ change }) => change.adds.some((line) => line.startsWith(DEPENDENCY)));
  if (packageFile.state === 'text' && !installed) add(notInstalled());
  const project: Project = { root, repository, config: { ...loaded.config, categories: effective } };
  for (const gap of await coverageFindings(project, new Ownership(effective), context.signal)) add(gap);
  // A line that can be pasted counts from where one stands, and the config from the project.
  const isLine = kept === undefined && options.dryRun === true;
  const offer = (place: string): string =>
    isLine
      ? `Choose a folder outside of the work tree: ${shellLine(['migbackup', 'init', '--backups', place])}.`
      : `Choose a folder outside of the work tree: "backups": ${JSON.stringify(place)} in ${CONFIG_FILE}.`;
  for (const finding of await gitCleanable(project, isLine ? (options.cwd ?? process.cwd()) : root, offer))
    add(finding);
  // The config comes last: it is what a later run takes as a sign that the project is set up.
  if (options.dryRun !== true)
    for (const edit of edits.toReversed()) writeText(path.join(root, edit.change.file), edit.text, edit.before);
  return {
    ...finish(),
    operation: 'init',
    root,
    dryRun: options.dryRun === true,
    status: edits.length === 0 ? 'unchanged' : 'changed',
    changes: edits.map((edit) => edit.change),
    config: kept ?? null,
    found: found.map((each) => ({
      ...each,
      applied: (kept === undefined ? isApplied : isInConfig)(each),
    })),
    workspaces: [...workspaces],
    sources: effective.flatMap((category) =>
      category.sources.map((source) => ({
        category: category.name,
        source: source.name,
        path: source.path,
        exists: sourceExists(root, source),
      })),
    ),
    installed,
    findings,
  };
}

/** The edit of the config with sources for the paths that `--add` names, and the categories that it has then; null without `--add`. */
async function addedTo(
  own: readonly Edit[],
  project: Project,
  { add = [], cwd = project.root }: InitOptions,
  { signal }: Context,
) {
  if (add.length === 0) return null;
  const { addPaths, sayAdded } = await import('./init/add-paths.ts');
  const [made] = own;
  const before = made?.before ?? configToEdit(project.config);
  const text = made?.text ?? (before.state === 'text' ? before.text : '');
  const addition = await addPaths(project, add, { text, cwd }, signal);
  if (addition.sources.length === 0) return { edits: own, categories: addition.categories };
  const adds = [...(made?.change.adds ?? []), ...addition.sources.map(sayAdded)];
  const file = path.relative(project.root, project.config.file ?? path.join(project.root, CONFIG_FILE));
  const change: InitChange = { file, action: made === undefined ? 'edit' : 'create', adds };
  return { edits: [{ change, before, text: addition.text }], categories: addition.categories };
}

/** The config file that exists. Throws USAGE if the settings are in package.json, CONFIG_INVALID if it cannot be written back. */
function configToEdit({ file = CONFIG_FILE }: Project['config']): Existing {
  if (file.endsWith('package.json'))
    throw new BackupError('USAGE', `--add writes to ${CONFIG_FILE}, but the settings are in package.json`, {
      hint: `Move the settings from package.json to ${CONFIG_FILE} first.`,
    });
  const before = readExisting(file);
  if (before.state === 'text') return before;
  throw new BackupError('CONFIG_INVALID', `${file} ${before.state === 'unusable' ? before.why : 'is gone'}`, {
    hint: 'Make it a regular file, then run this again.',
    path: file,
  });
}

/** As a config states it: relative to the project, with `/`. */
function placeIn(root: string, place: string): string {
  return path.relative(root, place).split(path.sep).join('/');
}

function configEdit(root: string, packageFile: Existing, says: Omit<NewConfig, 'project'>): Edit {
  const { applied, added, backups } = says;
  const before = readExisting(path.join(root, CONFIG_FILE));
  if (before.state === 'unusable') {
    throw new BackupError('CONFIG_INVALID', `${CONFIG_FILE} ${before.why}`, {
      hint: 'Move it away, or make it a regular file.',
      path: path.join(root, CONFIG_FILE),
    });
  }
  const sources = added.flatMap((category) => category.sources);
  const lines = sources.map((source) => `${source.category}/${source.name}: ${escapeName(source.path)}`);
  const change: InitChange = {
    file: CONFIG_FILE,
    action: 'create',
    adds: [
      'preset: default',
      ...[...applied].map(
        ([name, folders]) => `presets.${name}: ${folders.map((each) => escapeName(each)).join(', ')}`,
      ),
      ...(backups === 'backups' ? [] : [`backups: ${escapeName(backups)}`]),
      ...lines,
    ],
  };
  // If an earlier config was lost, its id is the one that the backups have.
  const id = rememberedId(root) ?? newProjectId(packageName(packageFile) ?? path.basename(root));
  return { change, before, text: renderConfig({ ...says, project: id }) };
}

/** What package.json lacks: the scripts, and the dependency if its version is given. */
function packageEdit(before: Existing, version: string | null, add: (finding: Finding) => void): Edit[] {
  const file = 'package.json';
  if (before.state !== 'text') {
    add(leftAlone(file, before.state === 'absent' ? 'does not exist: no npm scripts were added' : before.why));
    return [];
  }
  const scripts = addToSection(before.text, 'scripts', SCRIPTS);
  for (const script of scripts.kept) add(scriptKept(script));
  const wanted = version === null ? {} : { migbackup: `^${version}` };
  const dependency = addToSection(scripts.text, 'devDependencies', wanted);
  for (const problem of new Set([scripts.problem, dependency.problem]))
    if (problem !== undefined) add(leftAlone(file, problem));
  const adds = [
    ...scripts.added.map((name) => `${name}: ${SCRIPTS[name]}`),
    ...dependency.added.map(() => `${DEPENDENCY}^${version}`),
  ];
  if (adds.length === 0) return [];
  return [{ change: { file, action: 'edit', adds }, before, text: dependency.text }];
}

function ignoreEdit(root: string, repository: string, add: (finding: Finding) => void): Edit[] {
  const file = '.gitignore';
  const before = readExisting(path.join(root, file));
  if (before.state === 'unusable') {
    add(leftAlone(file, before.why));
    return [];
  }
  const { text, added } = foldersToIgnore(before.state === 'text' ? before.text : '', root, repository);
  if (added.length === 0) return [];
  return [{ change: { file, action: before.state === 'absent' ? 'create' : 'edit', adds: added }, before, text }];
}

function scriptKept({ name, value: command }: SectionEdit['kept'][number]): Finding {
  return {
    code: 'script-kept',
    severity: 'warning',
    message: `the npm script "${name}" does something else and stays: ${escapeName(command)}`,
    path: 'package.json',
    evidence: { name, command },
    recommendation: `If it should be ours, set it to "${SCRIPTS[name]}".`,
  };
}

function leftAlone(file: string, why: string): Finding {
  return {
    code: 'left-alone',
    severity: 'warning',
    message: `${file} ${why}`,
    path: file,
    recommendation: `Correct it and run init again, or make the changes yourself.`,
  };
}

function notInstalled(): Finding {
  return {
    code: 'not-installed',
    severity: 'info',
    message: 'migbackup is not a dependency of this project: the npm scripts find it only if it is installed globally',
    path: 'package.json',
    recommendation: 'migbackup init --install adds it to devDependencies; then install as usual.',
  };
}

function isDependency(file: Existing): boolean {
  const groups = Object.entries(parsePackage(file)).filter(([key]) => /^(dev|optional)?dependencies$/i.test(key));
  return groups.some(([, group]) => typeof group === 'object' && group !== null && Object.hasOwn(group, 'migbackup'));
}

function packageName(file: Existing): string | undefined {
  const { name } = parsePackage(file);
  return typeof name === 'string' ? name : undefined;
}

/** A file that is not valid JSON, or not an object, counts as an empty package.json. */
function parsePackage(file: Existing): Record<string, unknown> {
  return file.state === 'text' ? objectIn(file.text) : {};
}
