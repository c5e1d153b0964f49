import { fstatSync, writeFileSync } from 'node:fs';
import { escapeJson } from '../core/paths/names.ts';

/** Writes a line to stdout: results only. */
export function printOut(text: string): void {
  print(process.stdout, `${text}\n`);
}

/** Writes a line to stderr: errors, progress, questions. */
export function printErr(text: string): void {
  print(process.stderr, `${text}\n`);
}

/** Writes the one JSON document of a `--json` run. */
export function printJson(document: unknown): void {
  printOut(escapeJson(JSON.stringify(document, null, 2)));
}

/** Writes text to stdout or stderr. It never throws: what cannot be written changes nothing of what is done. */
export function print(stream: NodeJS.WriteStream, text: string): void {
  const fd = stream === process.stdout ? 1 : 2;
  try {
    // Where a disk has room for a part of the text, Node's own stream writes that part and says that it was all.
    if (fstatSync(fd).isFile()) writeFileSync(fd, text);
    else stream.write(text);
  } catch (error) {
    onLost(stream, error);
  }
}

/**
 * Writes to stdout and waits until it is taken, so that output of any length is not held in memory. What the system says against it comes back;
 * `sayLost` tells it to whoever can go on without.
 */
export async function writeOut(content: string | Uint8Array): Promise<Error | null> {
  if (fstatSync(1).isFile()) {
    try {
      writeFileSync(1, content);
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
  const said = saidLost;
  // The stream tells its listeners, too.
  saidLost = true;
  const error = await new Promise<Error | null>((resolve) => {
    process.stdout.write(content, (why) => setImmediate(() => resolve(why ?? null)));
  });
  saidLost = said;
  return error;
}

/** Says what `writeOut` brought back. */
export function sayLost(error: Error): void {
  onLost(process.stdout, error);
}

/**
 * From here on output that cannot be written ends nothing: neither what is done nor the exit code depends on who reads along, or on the
 * disk that the output goes to.
 */
export function outliveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // oclif has one on stdout that throws.
    stream.removeAllListeners('error');
    stream.on('error', (error) => onLost(stream, error));
  }
}

let saidLost = false;

/** Says once that the result is not there in full, unless its reader has gone (`migbackup list | head -1`), who wants no more of it. */
function onLost(stream: NodeJS.WriteStream, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  const gone = error instanceof Error && 'code' in error && error.code === 'EPIPE';
  if (stream === process.stderr || gone || saidLost) return;
  saidLost = true;
  printErr(`stdout could not be written in full: ${why}`);
}
