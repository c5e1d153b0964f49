import type { ErrorCode } from '../../model/backup-error.ts';
import type { CheckId, CheckResult } from '../../model/validate-report.ts';

/** Something on disk that cannot be stored truthfully: create would refuse. */
export interface SourceProblem {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

interface Kind {
  readonly id: CheckId;
  readonly codes: readonly ErrorCode[];
  readonly good: string;
  readonly status: 'critical' | 'warning';
}

const KINDS: readonly Kind[] = [
  { id: 'sources-readable', codes: ['SOURCE_UNREADABLE'], good: 'every source may be read', status: 'critical' },
  { id: 'sources-there', codes: ['SOURCE_MISSING'], good: 'every required source is there', status: 'critical' },
  { id: 'sources-named', codes: ['SOURCE_NAME'], good: 'every name can be stored', status: 'critical' },
  { id: 'sources-inside', codes: ['UNSAFE_TARGET'], good: 'no source is behind a link', status: 'critical' },
  // It may be at rest by the time a backup is taken.
  {
    id: 'sources-still',
    codes: ['SOURCE_CHANGED'],
    good: 'nothing vanished while it was looked at',
    status: 'warning',
  },
  {
    id: 'databases-placed',
    codes: ['DATABASE_DAMAGED', 'DATABASE_FOREIGN'],
    good: 'every database stands by itself and has its parts',
    status: 'critical',
  },
];

/**
 * What stands in the way of storing the sources, one check a kind; none of a kind of which another check says all.
 * @param isSaid whether another check says it
 */
export function checkSources(
  problems: readonly SourceProblem[],
  isSaid: (problem: SourceProblem) => boolean = () => false,
): CheckResult[] {
  return KINDS.flatMap(({ id, codes, good, status }): CheckResult[] => {
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
