import { BackupError } from '../../model/backup-error.ts';
import type { Config, ReconcileRules } from '../../model/category.ts';
import type { Manifest } from '../../model/manifest.ts';
import { escapeName, shorten } from '../../paths/names.ts';
import type { AccountedDatabase } from '../../reconcile/account-database.ts';
import { parsePlace } from '../../reconcile/place.ts';

/** The rules for one database, and the name that they have in the config or would have there. */
export interface NamedRules {
  readonly name: string;
  readonly rules: ReconcileRules | undefined;
}

/** What rules could be written for one database. */
export interface Learned extends NamedRules {
  /** The globs that were searched. */
  readonly in: readonly string[];
  readonly accounted: AccountedDatabase;
}

/** What the config may call a database: `category/source`, if the source holds no other, and its path. */
export function namesOf({ categories }: Manifest, database: string): string[] {
  const sources = Object.entries(categories).flatMap(([category, held]) =>
    held.sources.flatMap(({ name, path, databases = [] }) => {
      const holds =
        databases.length === 0 ? path === database : databases.length === 1 && databases[0]?.path === database;
      return holds ? [`${category}/${name}`] : [];
    }),
  );
  return [...sources, database];
}

/** Throws CONFIG_INVALID if the config has rules for a database under two names. */
export function rulesFor({ file, reconcile = {} }: Config, manifest: Manifest, database: string): NamedRules {
  const names = namesOf(manifest, database);
  const [first, second] = names.filter((name) => Object.hasOwn(reconcile, name));
  if (second !== undefined) {
    throw new BackupError(
      'CONFIG_INVALID',
      `reconcile has rules for ${first} and for ${second}: that is one database`,
      {
        hint: 'Put them together under one of these names.',
        ...(file !== undefined && { path: file }),
      },
    );
  }
  return { name: first ?? names[0] ?? database, rules: first === undefined ? undefined : reconcile[first] };
}

/** Throws CONFIG_INVALID for a place that is no pattern of JSON pointers. */
export function checkRules({ file, reconcile = {} }: Config): void {
  for (const [name, { places = {} }] of Object.entries(reconcile))
    for (const [field, patterns] of Object.entries(places))
      for (const pattern of patterns) {
        const place = parsePlace(pattern);
        if (typeof place !== 'string') continue;
        const where = shorten(escapeName(`reconcile.${name}.places.${field}`));
        throw new BackupError('CONFIG_INVALID', `${where}: the place "${shorten(escapeName(pattern))}" ${place}`, {
          hint: 'Write a JSON pointer in which a part is "*", "#", a key, or has {field}, {field~last}, {key} or {key.0} in it.',
          ...(file !== undefined && { path: file }),
        });
      }
}
