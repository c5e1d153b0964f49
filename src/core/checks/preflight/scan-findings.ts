import type { Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-codes.ts';
import type { CheckId, CheckResult } from '../../model/validate-report.ts';

interface Kind {
  readonly id: CheckId;
  readonly code: FindingCode;
  readonly good: string;
  /** What is said of more than one. */
  readonly many: string;
}

const KINDS: readonly Kind[] = [
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
    many: 'names are such that some file system cannot hold them',
  },
  {
    id: 'databases-foreign',
    code: 'database-foreign',
    good: 'every database is of an engine that is proven',
    many: 'databases are of engines that are stored as files and proven by nobody',
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
    many: 'files should be databases and hold nothing but zeros',
  },
  {
    id: 'databases-none',
    code: 'database-none',
    good: 'every file with the name of a database is one',
    many: 'files have the name of a database but are not databases',
  },
];

/** What is worth knowing of the sources, one check a kind, every file of it by name. */
export function checkScanFindings(findings: readonly Finding[]): CheckResult[] {
  return KINDS.map(({ id, code, good, many }): CheckResult => {
    const mine = findings.filter((finding) => finding.code === code);
    const [first] = mine;
    if (first === undefined) return { id, group: 'inventory', status: 'ok', message: good };
    const advice = [...new Set(mine.flatMap(({ recommendation }) => recommendation ?? []))];
    return {
      id,
      group: 'inventory',
      status: mine.some(({ severity }) => severity !== 'info') ? 'warning' : 'info',
      message: mine.length === 1 ? first.message : `${mine.length} ${many}`,
      evidence: { files: mine.map(({ path, evidence }) => ({ path, ...evidence })) },
      paths: mine.flatMap(({ path }) => path ?? []),
      ...(advice.length === 0 ? {} : { recommendation: advice.join(' ') }),
    };
  });
}
