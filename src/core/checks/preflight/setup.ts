import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import type { CheckResult } from '../../model/validate-report.ts';
import type { BackupRef } from '../../repository/catalog.ts';
import { lstatOrNull } from '../../fs/durable.ts';
import { toNative } from '../../paths/paths.ts';
import type { Project } from '../../model/category.ts';
import { SCRIPTS } from '../../config/setup/npm-scripts.ts';
import { addToSection } from '../../config/setup/package-json.ts';
import { readExisting } from '../../config/setup/text-file.ts';
import { escapeName } from '../../paths/names.ts';
import { foldersToIgnore } from '../../config/setup/gitignore.ts';
import { isIgnoredByGit } from '../../scan/git-facts.ts';

/** The oldest Node that has what we use: zstd, node:sqlite and type stripping. */
const OLDEST = [22, 18] as const;

interface Runtime {
  readonly node: string;
  readonly zstd: boolean;
}

const thisRuntime = (): Runtime => ({
  node: process.versions.node,
  zstd: typeof zlib.zstdCompressSync === 'function',
});

/** Checks that the runtime can do what create and restore need. */
export function checkRuntime({ node, zstd }: Runtime = thisRuntime()): CheckResult {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const recent = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  const good = recent && zstd;
  const { platform, arch } = process;
  return {
    id: 'runtime',
    group: 'prerequisites',
    status: good ? 'ok' : 'critical',
    message: good ? `Node ${node} on ${platform}-${arch}` : `Node ${node} ${recent ? 'has no zstd' : 'is too old'}`,
    evidence: { node, platform, arch, zstd },
    ...(good ? {} : { recommendation: `Use Node ${OLDEST.join('.')} or newer, or the single binary.` }),
  };
}

/** The program was written after this time. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** Clocks of well-kept machines differ by less than this. */
const TOLERANCE_MS = 60_000;

interface ClockFacts {
  readonly now: Date;
  readonly backups: readonly BackupRef[];
  /** How far the clock of the repository's file system is ahead of ours, in milliseconds. Null if that could not be measured. */
  readonly repositoryAheadMs: number | null;
}

/**
 * Checks that the clock is later than everything that is certainly in the past, and that the repository's file system has the same time, because
 * `--latest` and prune go by time.
 */
export function checkClock({ now, backups, repositoryAheadMs }: ClockFacts): CheckResult {
  const future = backups.filter((ref) => ref.time.getTime() > now.getTime() + TOLERANCE_MS);
  const wrong = [
    ...(now.getTime() < EARLIEST ? ['the clock is before this program was written'] : []),
    ...(future.length > 0 ? ['there are backups from the future: the clock has gone backwards'] : []),
    ...(repositoryAheadMs !== null && Math.abs(repositoryAheadMs) > TOLERANCE_MS
      ? [`the file system of the backups is ${Math.round(repositoryAheadMs / 1000)} s ahead of this machine`]
      : []),
  ];
  return {
    id: 'clock',
    group: 'prerequisites',
    status: wrong.length === 0 ? 'ok' : 'warning',
    message: wrong.length === 0 ? 'the clock is past every backup' : wrong.join('; '),
    evidence: { now: now.toISOString(), repositoryAheadMs },
    ...(wrong.length === 0
      ? {}
      : { paths: future.map((ref) => ref.id), recommendation: 'Set the clock: --latest and prune go by time.' }),
  };
}

/**
 * Says which configuration is used, and which of its sources do not exist: often their path is misspelt. An invalid configuration ends every command
 * with exit 2 before this.
 */
export function checkConfig({ root, config }: Project): CheckResult {
  const absent = config.written.filter((source) => lstatOrNull(toNative(root, source.path)) === null);
  const using = config.file === undefined ? 'no config file: the preset is used' : `config ${config.file}`;
  const count = `${absent.length} of its ${config.written.length} sources ${absent.length === 1 ? 'does' : 'do'} not exist`;
  return {
    id: 'config',
    group: 'configuration',
    status: absent.length === 0 ? 'ok' : 'info',
    message: absent.length === 0 ? using : `${using}: ${count}`,
    evidence: { file: config.file ?? null, categories: config.categories.map(({ name }) => name) },
    ...(absent.length === 0
      ? {}
      : {
          paths: absent.map((source) => source.path),
          recommendation: 'Check their spelling. With "required", a backup fails if they are missing.',
        }),
  };
}

/** Checks that the npm scripts are those that `init` makes. A script that only looks like a way back is worse than none. */
export function checkNpmScripts(root: string): CheckResult {
  const about = { id: 'npm-scripts', group: 'configuration' } as const;
  const file = readExisting(path.join(root, 'package.json'));
  if (file.state === 'absent') return { ...about, status: 'ok', message: 'no package.json, so no npm scripts' };
  const { added, kept, problem } =
    file.state === 'text' ? addToSection(file.text, 'scripts', SCRIPTS) : { added: [], kept: [], problem: file.why };
  if (problem !== undefined) {
    const recommendation = 'Correct package.json, then run migbackup init.';
    return { ...about, status: 'warning', message: `package.json ${problem}`, paths: ['package.json'], recommendation };
  }
  const others = Object.fromEntries(kept.map(({ name, value }) => [name, value]));
  const evidence = { missing: added, others };
  if (kept.length > 0) {
    return {
      ...about,
      status: 'warning',
      message: kept
        .map(({ name, value }) => `npm run ${escapeName(name)} does something else: ${escapeName(value)}`)
        .join('; '),
      evidence,
      recommendation: `If they should run migbackup, set ${kept.map(({ name }) => `"${name}": "${SCRIPTS[name]}"`).join(', ')}.`,
    };
  }
  if (added.length === 0) return { ...about, status: 'ok', message: 'the npm scripts are there', evidence };
  const message = `${added.length} of ${Object.keys(SCRIPTS).length} npm scripts are missing: ${added.join(', ')}`;
  return { ...about, status: 'info', message, evidence, recommendation: 'migbackup init adds them.' };
}

/** Checks that git ignores what `init` makes it ignore: a backup holds configs, and must not end up in a commit by accident. */
export async function checkGitignore({ root, repository }: Project): Promise<CheckResult> {
  const about = { id: 'gitignore', group: 'configuration' } as const;
  if (!inWorkTree(root)) return { ...about, status: 'ok', message: 'no git work tree here, so nothing to ignore' };
  const file = readExisting(path.join(root, '.gitignore'));
  if (file.state === 'unusable') {
    const recommendation = 'Correct it, then run migbackup init.';
    return { ...about, status: 'warning', message: `.gitignore ${file.why}`, paths: ['.gitignore'], recommendation };
  }
  const missing: string[] = [];
  // A rule in a folder above, or one of the user's own, is good enough.
  for (const folder of foldersToIgnore(file.state === 'text' ? file.text : '', root, repository).added)
    if (!(await isIgnoredByGit(root, path.join(root, folder)))) missing.push(folder);
  if (missing.length === 0) return { ...about, status: 'ok', message: 'git ignores the folders of migbackup' };
  return {
    ...about,
    status: 'warning',
    message: `.gitignore does not name ${missing.join(' and ')}`,
    evidence: { missing },
    recommendation: `migbackup init adds ${missing.length === 1 ? 'it' : 'them'}, so that no backup ends up in a commit.`,
  };
}

function inWorkTree(root: string): boolean {
  for (let folder = root; ; folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, '.git'))) return true;
    if (path.dirname(folder) === folder) return false;
  }
}
