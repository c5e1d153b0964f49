import { folderFiles } from '../../../src/core/databases/database-files.ts';
import { readDatabase, type DatabaseFacts } from '../../../src/core/databases/leveldb/format/reader.ts';

/** Reads a database on disk with our reader. */
export async function readFolder(dir: string): Promise<DatabaseFacts> {
  const files = folderFiles(dir);
  try {
    return await readDatabase(files);
  } finally {
    files.close();
  }
}
