import type { Severity } from './finding-codes/finding-facts.ts';
import { OF_BACKUPS } from './finding-codes/of-backups.ts';
import { OF_CONTENTS } from './finding-codes/of-contents.ts';
import { OF_OPERATIONS } from './finding-codes/of-operations.ts';
import { OF_RECORDS } from './finding-codes/of-records.ts';

/**
 * Every code that a finding of this version can have, by subject; the codes are a published contract. A run needs only the types: the
 * sentences are for docs/findings.md and the tests.
 */
export const FINDINGS = { ...OF_BACKUPS, ...OF_CONTENTS, ...OF_RECORDS, ...OF_OPERATIONS } as const;

type Tables = (typeof FINDINGS)[keyof typeof FINDINGS];
type CodesIn<Table, S extends Severity> = Table extends Table
  ? {
      [C in keyof Table]: Table[C] extends { severity: readonly (infer Stated)[] }
        ? S extends Stated
          ? C
          : never
        : never;
    }[keyof Table]
  : never;

/** The codes that are found with this severity. */
export type CodeOf<S extends Severity> = CodesIn<Tables, S>;
export type FindingCode = { [S in Severity]: CodeOf<S> }[Severity];
