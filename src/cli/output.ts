import { escapeJson } from '../core/paths/names.ts';

/** Writes a line to stdout: results only. */
export function printOut(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a line to stderr: errors, progress, questions. */
export function printErr(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Writes the one JSON document of a `--json` run. */
export function printJson(document: unknown): void {
  printOut(escapeJson(JSON.stringify(document, null, 2)));
}

/** A reader that goes away (`migbackup list | head -1`) is no error of ours. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
