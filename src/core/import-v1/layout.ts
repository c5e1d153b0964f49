import { escapeGlob } from '../paths/globs.ts';
import { joined } from '../paths/paths.ts';
import type { Category, Source } from '../model/category.ts';

/** Where a file of a version 1 backup came from. */
export interface Place {
  readonly category: string;
  readonly source: string;
  /** Its path in the project. */
  readonly path: string;
}

interface Rule {
  /** The folder in the backup. If several match, the innermost one counts. */
  readonly folder: string;
  readonly category: string;
  readonly source: string;
  /** The folder in the project; `.` is the root. */
  readonly path: string;
}

/** The place of the database in the project. */
export const DATABASE_PLACE = 'leveldb';

/** The folders that the scripts copied from and to. */
const RULES: readonly Rule[] = [
  { folder: 'leveldb/current', category: 'leveldb', source: 'current', path: DATABASE_PLACE },
  { folder: 'leveldb/previous-exports', category: 'leveldb', source: 'previous-exports', path: 'leveldb-backup' },
  { folder: 'leveldb', category: 'leveldb', source: 'reports', path: '.' },
  {
    folder: 'legacy-json/historical-backups',
    category: 'legacy-json',
    source: 'historical-backups',
    path: 'deployments/backups',
  },
  { folder: 'legacy-json', category: 'legacy-json', source: 'deployments', path: 'deployments' },
  { folder: 'unified-json/backups', category: 'unified-json', source: 'backups', path: 'deployments/unified/backups' },
  {
    folder: 'unified-json/test-deployments',
    category: 'unified-json',
    source: 'test-deployments',
    path: 'deployments-test',
  },
  { folder: 'unified-json', category: 'unified-json', source: 'unified', path: 'deployments/unified' },
  { folder: 'configs/schemas', category: 'configs', source: 'schemas', path: 'schemas' },
  { folder: 'configs', category: 'configs', source: 'files', path: '.' },
  { folder: 'scripts', category: 'scripts', source: 'scripts', path: 'scripts' },
  { folder: 'docs/main', category: 'docs', source: 'main', path: 'docs' },
  { folder: 'docs', category: 'docs', source: 'root', path: '.' },
];

/** The sources by their folder in the project, innermost first. Files that would be restored into the database are refused elsewhere. */
const OWNERS = RULES.filter(({ path }) => path !== '.' && path !== DATABASE_PLACE).toSorted(
  (a, b) => b.path.length - a.path.length,
);

/** What the scripts wrote beside the copies. It is not part of the project's state. */
const OWN =
  /^(checksums\/|(BACKUP_MANIFEST\.json|RESTORE_PROCEDURES\.md|EMERGENCY_ROLLBACK\.sh|VERIFICATION_REPORT\.json)$)/;

export function isOwnFile(file: string): boolean {
  return OWN.test(file);
}

/**
 * The place of a file by its path in the backup, or null if no rule knows it. It belongs to the source that contains its path in the project, as in
 * every operation: docs/scripts/x is restored with the scripts.
 */
export function placeOf(file: string): Place | null {
  const rule = RULES.find(({ folder }) => file.startsWith(`${folder}/`));
  if (rule === undefined) return null;
  const inner = file.slice(rule.folder.length + 1);
  const place = joined(rule.path, inner);
  const owner = OWNERS.find((other) => place.startsWith(`${other.path}/`));
  const { category, source } = owner ?? rule;
  return { category, source, path: place };
}

/** The categories as a configuration, for the files that exist. Sources in the root list each of their files. */
export function categoriesOf(places: readonly Place[]): Category[] {
  const categories = new Map<string, Source[]>();
  for (const rule of RULES) {
    const mine = places.filter(({ category, source }) => category === rule.category && source === rule.source);
    if (mine.length === 0) continue;
    const sources = categories.get(rule.category) ?? [];
    const isDatabase = rule.path === DATABASE_PLACE;
    sources.push({
      category: rule.category,
      name: rule.source,
      path: rule.path,
      type: isDatabase ? 'leveldb' : 'files',
      include: rule.path === '.' ? mine.map(({ path }) => escapeGlob(path)) : [],
      exclude: [],
      required: false,
      exclusive: isDatabase,
      external: false,
    });
    categories.set(rule.category, sources);
  }
  return [...categories].map(([name, sources]) => ({ name, sources }));
}
