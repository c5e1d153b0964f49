import { spawn } from 'node:child_process';
import { isSea } from 'node:sea';
import type { SqliteFacts } from '../../../model/database.ts';
import { throwIfInterrupted } from '../../../model/backup-error.ts';
import { proverWorkerUrl } from '../../prover-worker-url.ts';
import { PROVER } from '../../prover.ts';
import { sqlRows } from './sql-rows.ts';
import type { OpenCopy } from './copy.ts';
import { bytesOf } from './layout.ts';

/** A CHECK or a generated column; an index on an expression, or of a part of a table. Other words may look so: that costs a process alone. */
const COMPUTES = /\b(?:check|as)\b|\bindex\b.*\(.*\(|\bindex\b.*\bwhere\b/is;

/** Loads the module that the first line of standard input names: it is too long for an argument. Behind `import` is a space, since no import of this file is meant (test/house). */
const START = `
  const { readSync } = require('node:fs');
  const [parts, piece] = [[], Buffer.alloc(65536)];
  do parts.push(Buffer.from(piece.subarray(0, readSync(0, piece))));
  while (parts.at(-1).length > 0 && !parts.at(-1).includes(10));
  import (Buffer.concat(parts).toString().trim());
`;

/** Whether the schema has SQLite compute anything when rows are read or checked. */
export function computes({ db, file }: OpenCopy): boolean {
  const rows = sqlRows(db, file.encoding, {
    columns: ['sql'],
    from: "main.sqlite_schema WHERE type IN ('table', 'index')",
  });
  return [...rows].some(([sql]) => COMPUTES.test(bytesOf(sql).toString('latin1')));
}

/**
 * The facts of a copy that nobody has open, from another process, or why there are none, as a part of a sentence: SQLite cannot be stopped while it computes,
 * but by the end of its process.
 * @throws BackupError INTERRUPTED
 */
export async function factsApart(
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
    child.stdin.on('error', () => {}).write(isSea() ? '' : `${proverWorkerUrl.href}\n`);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) end();
    });
  });
  throwIfInterrupted(signal);
  return answer;
}

/** The single binary has no `node -e`, and has the code in itself. */
function proverCommand(): [string, ...string[]] {
  return isSea() ? [process.execPath, PROVER] : [process.execPath, '-e', START, '--'];
}
