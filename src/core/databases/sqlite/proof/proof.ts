import fs from 'node:fs';
import { removeTree } from '../../../fs/durable.ts';
import type { SqliteFacts } from '../../../model/database.ts';
import type { DatabaseFiles } from '../../database-files.ts';
import type { ProveOptions } from '../../engine.ts';
import { withCopy } from './copy.ts';
import { factsOf } from './facts.ts';
import { computes, factsApart } from './prove-apart.ts';
import { makeScratch } from './scratch.ts';

/** How many seconds a schema may compute: far more than SQLite needs for an ordinary schema on a slow disk. */
const patienceFor = (file: string): number => 60 + Math.ceil(fs.statSync(file).size / 1e6);

/**
 * Copies a database into `scratch`, which must not exist, has SQLite recover and check it there, and reads all of it. If the schema computes
 * anything, another process does this. That process is ended on a signal, or after `seconds`: then everything that depends on what the schema
 * computes is named as not read and not checked.
 * @throws BackupError NO_SPACE, DATABASE_DAMAGED where nothing of it can be read, INTERRUPTED
 */
export async function proveSqlite(files: DatabaseFiles, options: ProveOptions, seconds?: number): Promise<SqliteFacts> {
  const { signal } = options;
  try {
    const file = await makeScratch(files, options);
    const answer = await withCopy(file, (copy) => (computes(copy) ? null : factsOf(copy, signal)));
    const found = answer ?? (await factsApart(file, seconds ?? patienceFor(file), signal));
    return typeof found === 'string' ? await withCopy(file, (copy) => factsOf(copy, signal, found)) : found;
  } finally {
    removeTree(options.scratch);
  }
}
