import path from 'node:path';
import { sqliteRecords } from '../../../src/core/databases/sqlite/proof/records.ts';
import { filesOf } from './prove-file.ts';

/** The records of a database on disk, each as its key, a blank and its value; the copy lies beside it. */
export async function recordLines(file: string, prefix = ''): Promise<string[]> {
  const lines: string[] = [];
  const options = { scratch: path.join(path.dirname(file), 'scratch'), prefix: Buffer.from(prefix) };
  for await (const batch of sqliteRecords(filesOf(file), options))
    lines.push(...batch.map(({ key, value }) => `${key.toString()} ${value.toString()}`));
  return lines;
}
