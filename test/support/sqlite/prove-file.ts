import fs from 'node:fs';
import path from 'node:path';
import { type DatabaseFiles, descriptorBytes } from '../../../src/core/databases/database-files.ts';
import { proveSqlite } from '../../../src/core/databases/sqlite/proof/proof.ts';
import type { SqliteFacts } from '../../../src/core/model/database.ts';

const PARTS = ['', '-wal', '-journal'];

/** A SQLite database on disk as the files of one. */
export function filesOf(file: string): DatabaseFiles {
  return {
    names: () => PARTS.filter((part) => fs.existsSync(file + part)),
    open(part) {
      const fd = fs.openSync(file + part, 'r');
      return { ...descriptorBytes(fd, fs.fstatSync(fd).size), close: () => fs.closeSync(fd) };
    },
  };
}

/** Proves a database on disk; the copy lies beside it. */
export function proveFile(file: string, signal?: AbortSignal): Promise<SqliteFacts> {
  return proveSqlite(filesOf(file), { scratch: path.join(path.dirname(file), 'scratch'), signal });
}
