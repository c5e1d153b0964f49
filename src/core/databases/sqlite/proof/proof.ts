import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { isSea } from 'node:sea';
import { removeTree } from '../../../fs/durable.ts';
import type { SqliteFacts } from '../../../model/database.ts';
import type { DatabaseFiles } from '../../database-files.ts';
import type { ProveOptions } from '../../engine.ts';
import { type OpenCopy, withCopy } from './copy.ts';
import { factsOf } from './facts.ts';
import { makeScratch } from './scratch.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import { PROVER } from '../../prover.ts';
import { sqlRows } from './sql-rows.ts';
import { bytesOf } from './layout.ts';

/** The code of a process that proves a copy; in the bundle it is a `data:` URL (scripts/bundle/embed-workers.ts). */
const PROVER_MODULE = new URL('../../prover-worker.ts', import.meta.url);

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

/** Matches a CHECK, a generated column, an index on an expression and a partial index. A false match only costs a process. */
const COMPUTES = /\b(?:check|as)\b|\bindex\b.*\(.*\(|\bindex\b.*\bwhere\b/is;

/**
 * Loads the module whose URL is the first line of standard input, since it is too long for an argument. The space after `import` tells test/house
 * that this is not an import of this file.
 */
const START = `
  const { readSync } = require('node:fs');
  const [parts, piece] = [[], Buffer.alloc(65536)];
  do parts.push(Buffer.from(piece.subarray(0, readSync(0, piece))));
  while (parts.at(-1).length > 0 && !parts.at(-1).includes(10));
  import (Buffer.concat(parts).toString().trim());
`;

/** Whether the schema makes SQLite compute anything when rows are read or checked. */
function computes({ db, file }: OpenCopy): boolean {
  const rows = sqlRows(db, file.encoding, {
    columns: ['sql'],
    from: "main.sqlite_schema WHERE type IN ('table', 'index')",
  });
  return [...rows].some(([sql]) => COMPUTES.test(bytesOf(sql).toString('latin1')));
}

/**
 * The facts of a copy that nobody has open, or, as part of a sentence, why there are none. Another process finds them, because SQLite can be stopped
 * in the middle of a computation only by ending its process.
 * @throws BackupError INTERRUPTED
 */
async function factsApart(
  file: string,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<SqliteFacts | string> {
  throwIfInterrupted(signal);
  const [command, ...args] = proverCommand();
  const answer = await new Promise<SqliteFacts | string>((resolve) => {
    let text = '';
    let isLate = false;
    const child = spawn(command, [...args, file], { stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    const end = (): boolean => child.kill('SIGKILL');
    const timer = setTimeout(() => (isLate = end()), seconds * 1000);
    signal?.addEventListener('abort', end);
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      if (text.endsWith('\n')) resolve(JSON.parse(text));
      else
        resolve(
          isLate
            ? `what its schema computes takes longer than ${seconds} seconds`
            : 'the process for what its schema computes ended',
        );
    };
    child.on('error', finish).on('close', finish);
    child.stdin.on('error', () => {}).write(isSea() ? '' : `${PROVER_MODULE.href}\n`);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) end();
    });
  });
  throwIfInterrupted(signal);
  return answer;
}

/** The single binary has no `node -e`, but it contains the code. */
function proverCommand(): [string, ...string[]] {
  return isSea() ? [process.execPath, PROVER] : [process.execPath, '-e', START, '--'];
}
