import type { Project } from '../model/category.ts';
import { CONFIG_FILE } from '../config/config-file.ts';
import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import { pathWord, shellLine } from '../model/shell-quote.ts';
import { escapeGlob } from '../paths/globs.ts';
import { escapeName } from '../paths/names.ts';
import { pathProblem } from '../paths/paths.ts';
import { type GitState, type GitStates, gitStates, ignoredByGit } from '../scan/git-facts.ts';
import type { Ownership } from '../scan/ownership.ts';
import { PARTS } from './gaps/database-here.ts';
import { linesFor, renderCategories, sourcesFor } from './gaps/sources-for.ts';
import { isTestFolder } from './gaps/state-kinds.ts';
import { rootsOf, type StateRoot } from './gaps/state-roots.ts';
import { type FoundState, searchState } from './gaps/state-search.ts';

/** What no category holds, and what is known of it. */
export interface Gap {
  readonly root: StateRoot;
  /** How many of its files are where else. Null without git. */
  readonly states: ReadonlyMap<GitState, number> | null;
  /** What a cleanup does to it: the state of the file that is worst off. Null without git. */
  readonly worst: GitState | null;
}

/** What was looked for in a project. */
export interface Coverage {
  readonly gaps: readonly Gap[];
  /** Paths that cannot be looked into. */
  readonly unread: readonly string[];
  /** Links that lead out of the project. */
  readonly links: readonly string[];
}

/** Worst first: what a cleanup destroys, what is in no other place, what can be fetched again. */
const ORDER: readonly (GitState | null)[] = ['ignored', 'untracked', null, 'changed', 'unpushed', 'pushed'];
/** So many roots have a finding each. More are brought together by category, so that a person reads them. */
const MANY = 5;
/** So many paths fit in a line to paste. */
const IN_A_LINE = 10;

/**
 * State on disk that no category holds: databases and registries by their content, other state by the names that presets know. What git would delete comes
 * first. Throws INTERRUPTED.
 * @param git what git knows, if that is known already; it is asked only if something is found
 */
export async function lookAtCoverage(
  project: Project,
  ownership: Ownership,
  signal?: AbortSignal,
  git: () => Promise<GitStates | undefined> = () => gitStates(project.root),
): Promise<Coverage> {
  const { found, files, unread, links } = await searchState(project, ownership, signal);
  if (found.length === 0) return { gaps: [], unread, links };
  const states = await git();
  const kept = found.filter((state) => !isTestInput(state, states));
  const gaps = rootsOf({ found: kept, files }).map((root) => gapOf(root, states));
  const untracked =
    states === undefined
      ? []
      : gaps.flatMap(({ root }) => root.files.filter((file) => states.stateOf(file) === 'untracked'));
  const ignored = await ignoredByGit(project.root, untracked);
  const told = gaps.map((gap) => withIgnored(gap, ignored));
  return { gaps: told.toSorted((a, b) => ORDER.indexOf(a.worst) - ORDER.indexOf(b.worst)), unread, links };
}

/** Findings about what no category holds, worst first: at most a handful. */
export async function coverageFindings(
  project: Project,
  ownership: Ownership,
  signal?: AbortSignal,
): Promise<Finding[]> {
  return findingsOf(await lookAtCoverage(project, ownership, signal), project);
}

/** @see coverageFindings */
export function findingsOf({ gaps, unread, links }: Coverage, project: Project): Finding[] {
  const open = gaps.filter(({ root }) => root.secret === null);
  const secret = gaps.filter(({ root }) => root.secret !== null);
  const here = open.filter(({ worst }) => worst !== 'pushed');
  const away = open.filter(({ worst }) => worst === 'pushed');
  const groups = here.length <= MANY ? here.map((gap) => [gap]) : grouped(here, ({ root }) => root.category);
  return [
    ...groups.map((group) => notCovered(group, 'warning', project)),
    ...(away.length === 0 ? [] : [notCovered(away, 'info', project)]),
    ...grouped(secret, ({ root }) => root.secret ?? '').map((group) => secretNotCovered(group)),
    ...(unread.length === 0 ? [] : [notLookedInto(unread)]),
    ...(links.length === 0 ? [] : [notFollowed(links)]),
  ];
}

/** Inputs of tests are source code, unless git does not have them: then they may be a database that somebody works with. */
function isTestInput({ isOfTests, files, root }: FoundState, git: GitStates | undefined): boolean {
  if (!isOfTests) return false;
  if (git !== undefined) return files.every((file) => git.stateOf(file) !== 'untracked');
  return root.split('/').some((part) => isTestFolder(part) && /fixture|data|mock/i.test(part));
}

function gapOf(root: StateRoot, git: GitStates | undefined): Gap {
  if (git === undefined) return { root, states: null, worst: null };
  const states = new Map<GitState, number>();
  for (const file of root.files) {
    const state = git.stateOf(file);
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  return { root, states, worst: ORDER.find((state) => state !== null && states.has(state)) ?? 'untracked' };
}

function withIgnored({ root, states, worst }: Gap, ignored: ReadonlySet<string>): Gap {
  const count = root.files.filter((file) => ignored.has(file)).length;
  if (count === 0 || states === null) return { root, states, worst };
  const left = (states.get('untracked') ?? 0) - count;
  const others = [...states].filter(([state]) => state !== 'untracked');
  return {
    root,
    states: new Map([['ignored', count], ...(left > 0 ? [['untracked', left] as const] : []), ...others]),
    worst: 'ignored',
  };
}

function grouped(gaps: readonly Gap[], by: (gap: Gap) => string): Gap[][] {
  return [...Map.groupBy(gaps, by).values()];
}

function notCovered(group: readonly Gap[], severity: 'warning' | 'info', project: Project): Finding {
  const roots = group.map(({ root }) => root);
  const stuck = roots.filter((root) => whyStuck(root) !== null);
  const others = roots.filter((root) => !stuck.includes(root));
  const sources = sourcesFor(others, project.config);
  const { said, facts } = describe(group);
  const cover =
    severity === 'info'
      ? `Run ${addLine(others)} to have it in backups, too.`
      : adviceFor(others, linesFor(sources, project.config));
  return {
    code: 'coverage',
    severity,
    message: `in no category: ${said}`,
    ...facts,
    evidence: { ...facts.evidence, categories: renderCategories(sources) },
    recommendation: [...stuck.flatMap((root) => whyStuck(root) ?? []), ...(others.length === 0 ? [] : [cover])].join(
      ' ',
    ),
  };
}

/** What to do about a root that no source can hold as what it is; null for others. */
function whyStuck({ path, include }: StateRoot): string | null {
  if (include.includes(PARTS))
    return 'Move the database that lies right in the folder of the project into a folder of its own: only there is it captured as a database.';
  const problem = path === '.' ? null : pathProblem(path);
  return problem === null ? null : `Move it: no backup can hold ${escapeName(path)} (${problem}).`;
}

/** The line that covers the roots, and the text of the config that it writes. */
function adviceFor(roots: readonly StateRoot[], lines: readonly string[]): string {
  const isLong = roots.length > MANY;
  const paths = isLong ? 'its paths' : roots.map(({ path }) => JSON.stringify(escapeGlob(path))).join(', ');
  const orWrite = isLong ? '' : ` or write into ${CONFIG_FILE} ${lines.join(', and ')}`;
  // Who ignored the project itself would be told of nothing any more.
  const orIgnore = roots.some(({ path }) => path === '.') ? '' : ` If it can be lost, put ${paths} in "ignore".`;
  return `To cover it, run ${addLine(roots)}${orWrite}.${orIgnore}`;
}

/** The command that covers the roots; the worst ones if they are very many. */
function addLine(roots: readonly StateRoot[]): string {
  const shown = roots.slice(0, IN_A_LINE).flatMap(({ path }) => ['--add', pathWord(path)]);
  const more = roots.length - IN_A_LINE;
  return `${shellLine(['migbackup', 'init', ...shown])}${more > 0 ? ` (and ${more} more, which --json lists)` : ''}`;
}

function secretNotCovered(group: readonly Gap[]): Finding {
  const { said, facts } = describe(group);
  const isKey = group.some(({ root }) => root.secret === 'key');
  const about = {
    code: 'secret-not-covered',
    message: `may hold secrets, and in no category: ${said}`,
    ...facts,
  } as const;
  return isKey && group.some(({ worst }) => worst !== 'pushed')
    ? {
        ...about,
        severity: 'warning',
        recommendation:
          'Keep a copy somewhere safe, because nothing replaces a key that is lost. Then put its path in "ignore".',
      }
    : {
        ...about,
        severity: 'info',
        recommendation: 'Keep it somewhere safe yourself, or cover it and set "includeSecrets".',
      };
}

function notFollowed(links: readonly string[]): Finding {
  const [first = ''] = links;
  const [more, lead] = links.length > 1 ? [` and ${links.length - 1} more`, 'lead'] : ['', 'leads'];
  return {
    code: 'coverage',
    severity: 'warning',
    message: `${escapeName(first)}${more} ${lead} out of the project: no backup has what is behind a link, and it was not looked at`,
    paths: [...links],
    recommendation:
      'Back up what is behind it where it is, or have it in the project. If it can be lost, put its path in "ignore".',
  };
}

function notLookedInto(folders: readonly string[]): Finding {
  return {
    code: 'coverage',
    severity: 'warning',
    message: `${plural(folders.length, 'path')} cannot be looked into, for lack of rights or because the name is not UTF-8, so it is not known whether state is there`,
    paths: [...folders],
    recommendation: 'Run as a user who may read it, rename it, or put its path in "ignore".',
  };
}

function describe(group: readonly Gap[]): {
  said: string;
  facts: Pick<Finding, 'path' | 'paths' | 'evidence'>;
} {
  const paths = group.map(({ root }) => root.path);
  const [first] = paths;
  const files = group.reduce((sum, { root }) => sum + root.files.length, 0);
  const bytes = group.reduce((sum, { root }) => sum + root.bytes, 0);
  const kinds = [...new Set(group.map(({ root }) => root.what))];
  const states = new Map<GitState, number>();
  for (const { states: each } of group)
    for (const [state, count] of each ?? []) states.set(state, (states.get(state) ?? 0) + count);
  const place = paths.length === 1 ? escapeName(first ?? '') : `${paths.length} places`;
  const kind = `${kinds.slice(0, 3).join(', ')}${kinds.length > 3 ? ' and others' : ''}`;
  return {
    said: `${place} (${kind}; ${plural(files, 'file')}, ${plural(bytes, 'byte')})${sayStates(states)}`,
    facts: {
      ...(paths.length === 1 && first !== undefined ? { path: first } : {}),
      paths,
      evidence: { kind: kinds.join(', '), files, bytes, git: states.size === 0 ? null : Object.fromEntries(states) },
    },
  };
}

const SAID: Readonly<Record<GitState, string>> = {
  ignored: 'ignored by git, so git clean -xfd deletes it',
  untracked: 'not tracked by git, so git clean -fd deletes it',
  changed: 'not known to be as in the last commit',
  unpushed: 'in a commit that no remote has',
  pushed: 'unchanged in a commit that a remote has',
};

/** What git knows of the files; nothing without git. */
function sayStates(states: ReadonlyMap<GitState, number>): string {
  const said = ORDER.flatMap((state) => {
    const count = state === null ? undefined : states.get(state);
    if (state === null || count === undefined) return [];
    return states.size === 1 ? SAID[state] : `${count} ${SAID[state]}`;
  });
  return said.length === 0 ? '' : `: ${said.join('; ')}`;
}
