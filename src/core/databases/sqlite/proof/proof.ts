import fs from 'node:fs';
import { removeTree } from '../../../fs/durable.ts';
import type { SqliteFacts } from '../../../model/database.ts';
import type { DatabaseFiles } from '../../database-files.ts';
import type { ProveOptions } from '../../engine.ts';
import { withCopy } from './copy.ts';
import { factsOf } from './facts.ts';
import { computes, factsApart } from './prove-apart.ts';
import { makeScratch } from './scratch.ts';

/** How long a schema may compute, in seconds: far longer than SQLite needs for an ordinary one on a slow disk. */
const patienceFor = (file: string): number => 60 + Math.ceil(fs.statSync(file).size / 1e6);

/**
 * Copies a database into `scratch`, which must not exist, has SQLite recover and check it there, and reads all of it. What its schema computes is computed in
 * another process, which a signal ends, and a schema that computes for longer than `seconds`: then what hangs on it is named as not read and not checked.
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
