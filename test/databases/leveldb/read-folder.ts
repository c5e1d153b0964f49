import { folderFiles, readStore, type StoreFacts } from '../../../src/core/databases/leveldb/format/reader.ts';

/** Reads a store on disk with our reader. */
export async function readFolder(dir: string): Promise<StoreFacts> {
  const files = folderFiles(dir);
  try {
    return await readStore(files);
  } finally {
    files.close();
  }
}
