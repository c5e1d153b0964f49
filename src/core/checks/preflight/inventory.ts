import type { CheckId, CheckResult } from '../../model/validate-report.ts';
import type { ErrorCode } from '../../model/backup-error.ts';
import type { Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-codes.ts';
import { plural } from '../../model/plural.ts';
import { type Attributes, attributesNotKept } from '../../scan/attributes.ts';

export interface Counted {
  readonly files: number;
  readonly symlinks: number;
  readonly bytes: number;
}

/**
 * Checks that there is something to back up, because create refuses an empty success.
 * @param configs how many of the files are the config itself, which is stored, but is not worth a backup by itself
 */
export function checkInventory(categories: ReadonlyMap<string, Counted>, configs: number): CheckResult {
  const about = { id: 'inventory', group: 'inventory' } as const;
  const holding = [...categories.values()].filter(({ files, symlinks }) => files + symlinks > 0);
  const sum = (figure: keyof Counted): number => holding.reduce((total, one) => total + one[figure], 0);
  const evidence = { files: sum('files'), symlinks: sum('symlinks'), bytes: sum('bytes') };
  if (evidence.files + evidence.symlinks > configs) {
    const message = `${plural(evidence.files, 'file')} in ${holding.length} of ${categories.size} categories`;
    return { ...about, status: 'ok', message, evidence };
  }
  return {
    ...about,
    status: 'critical',
    message: 'there is nothing to back up here',
    evidence,
    recommendation:
      'Run the command in the project, or give --root. If this is the project, say what to back up in migbackup.config.json, which migbackup init writes.',
  };
}

/** Something on disk that cannot be stored truthfully, so that create would refuse. */
export interface SourceProblem {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

interface ProblemKind {
  readonly id: CheckId;
  readonly codes: readonly ErrorCode[];
  readonly good: string;
  readonly status: 'critical' | 'warning';
}

const PROBLEMS: readonly ProblemKind[] = [
  { id: 'sources-readable', codes: ['SOURCE_UNREADABLE'], good: 'every source may be read', status: 'critical' },
  { id: 'sources-there', codes: ['SOURCE_MISSING'], good: 'every required source is there', status: 'critical' },
  { id: 'sources-named', codes: ['SOURCE_NAME'], good: 'every name can be stored', status: 'critical' },
  { id: 'sources-inside', codes: ['UNSAFE_TARGET'], good: 'no source is behind a link', status: 'critical' },
  // It may be at rest by the time a backup is taken.
  {
    id: 'sources-still',
    codes: ['SOURCE_CHANGED'],
    good: 'nothing vanished while it was examined',
    status: 'warning',
  },
  {
    id: 'databases-placed',
    codes: ['DATABASE_DAMAGED', 'DATABASE_FOREIGN'],
    good: 'every database has its parts and is in no other database',
    status: 'critical',
  },
];

/**
 * What prevents create from storing the sources: one check for each kind of problem. A kind has no check if other checks report all its problems.
 * @param isSaid whether another check reports the problem
 */
export function checkSources(
  problems: readonly SourceProblem[],
  isSaid: (problem: SourceProblem) => boolean = () => false,
): CheckResult[] {
  return PROBLEMS.flatMap(({ id, codes, good, status }): CheckResult[] => {
    const all = problems.filter(({ code }) => codes.includes(code));
    if (all.length === 0) return [{ id, group: 'inventory', status: 'ok', message: good }];
    const mine = all.filter((problem) => !isSaid(problem));
    const [first] = mine;
    if (first === undefined) return [];
    const [one, ...more] = new Set(mine.map(({ message }) => message));
    return [
      {
        id,
        group: 'inventory',
        status,
        message: `${mine.length === 1 ? first.path : `${mine.length} paths`}: ${[one, ...more].join('; ')}`,
        paths: mine.map(({ path }) => path),
        recommendation: [...new Set(mine.map(({ hint }) => hint))].join(' '),
      },
    ];
  });
}

export interface FindingKind {
  readonly id: CheckId;
  readonly code: FindingCode;
  readonly good: string;
  /** The message for more than one file, after their number. */
  readonly many: string;
}

const FINDINGS: readonly FindingKind[] = [
  {
    id: 'secrets-left-out',
    code: 'secret-left-out',
    good: 'no secrets would be left out',
    many: 'files that may hold secrets would be left out',
  },
  {
    id: 'secrets-taken',
    code: 'secret-taken',
    good: 'no secrets would be taken along',
    many: 'files that may hold secrets would be in the backup',
  },
  { id: 'invalid-json', code: 'invalid-json', good: 'every JSON file parses', many: 'JSON files do not parse' },
  {
    id: 'sources-are-links',
    code: 'source-is-link',
    good: 'no source is a link',
    many: 'sources are links: what they point to is not stored',
  },
  {
    id: 'links-out',
    code: 'unsafe-link',
    good: 'no link leads out of the project',
    many: 'links lead out of the project',
  },
  {
    id: 'special-files',
    code: 'special-file',
    good: 'no special files',
    many: 'special files (fifo, socket, device) would be left out',
  },
  {
    id: 'special-bits',
    code: 'special-bits',
    good: 'no set-uid, set-gid or sticky bits',
    many: 'files or folders are set-uid, set-gid or sticky, which no restore sets',
  },
  {
    id: 'portable-names',
    code: 'name-not-portable',
    good: 'every name is one that all file systems can hold',
    many: 'names cannot be held by every file system',
  },
  {
    id: 'databases-foreign',
    code: 'database-foreign',
    good: 'every database is of an engine that is proven',
    many: 'databases are of other engines, so they are stored as files and not proven',
  },
  {
    id: 'databases-gone',
    code: 'database-gone',
    good: 'no journal is left of a database that is gone',
    many: 'journals are left of databases that are gone',
  },
  {
    id: 'databases-zeroed',
    code: 'database-zeroed',
    good: 'no database file is zeroed',
    many: 'files should be databases, but hold nothing but zeros',
  },
  {
    id: 'databases-none',
    code: 'database-none',
    good: 'every file with the name of a database is one',
    many: 'files have the name of a database but are not databases',
  },
];

/** What is worth knowing about the sources: one check for each kind of finding. */
export function checkScanFindings(findings: readonly Finding[]): CheckResult[] {
  return checksOfFindings('inventory', FINDINGS, findings);
}

/** One check for each kind of finding, with the name of every file. */
export function checksOfFindings(
  group: CheckResult['group'],
  kinds: readonly FindingKind[],
  findings: readonly Finding[],
): CheckResult[] {
  return kinds.map(({ id, code, good, many }): CheckResult => {
    const mine = findings.filter((finding) => finding.code === code);
    const [first] = mine;
    if (first === undefined) return { id, group, status: 'ok', message: good };
    const advice = [...new Set(mine.flatMap(({ recommendation }) => recommendation ?? []))];
    return {
      id,
      group,
      status: mine.some(({ severity }) => severity !== 'info') ? 'warning' : 'info',
      message: mine.length === 1 ? first.message : `${mine.length} ${many}`,
      evidence: { files: mine.map(({ path, evidence }) => ({ path, ...evidence })) },
      paths: mine.flatMap(({ path, affects = [] }) => path ?? affects),
      ...(advice.length === 0 ? {} : { recommendation: advice.join(' ') }),
    };
  });
}

/** Says which attributes files have that no backup keeps, and which kinds could not be looked for. */
export function checkAttributes({ found, notLookedAt }: Pick<Attributes, 'found' | 'notLookedAt'>): CheckResult {
  const [lost] = attributesNotKept(found);
  const unknown =
    notLookedAt.length === 0 ? '' : ` (not looked for, because a tool is missing: ${notLookedAt.join(', ')})`;
  const message = lost?.message ?? 'no file has ACLs, extended attributes, flags or hard links';
  return {
    id: 'attributes',
    group: 'inventory',
    status: lost === undefined ? 'ok' : 'info',
    message: `${message}${unknown}`,
    evidence: { ...lost?.evidence, notLookedAt: [...notLookedAt] },
    ...(lost?.affects === undefined ? {} : { paths: lost.affects }),
    ...(lost?.recommendation === undefined ? {} : { recommendation: lost.recommendation }),
  };
}
