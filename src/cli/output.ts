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

/** Writes text to stdout or stderr. It never throws: lost output must not change what the command does. */
export function print(stream: NodeJS.WriteStream, text: string): void {
  const fd = stream === process.stdout ? 1 : 2;
  try {
    // If the disk has room for only a part of the text, Node's own stream writes that part and reports success.
    if (fstatSync(fd).isFile()) writeFileSync(fd, text);
    else stream.write(text);
  } catch (error) {
    onLost(stream, error);
  }
}

/**
 * Writes to stdout and waits until the content is taken, so that long output does not fill the memory. Returns the error if that failed; a caller
 * that can go on without it passes it to `sayLost`.
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
  // The stream's listeners get the error too, and must not print it.
  saidLost = true;
  const error = await new Promise<Error | null>((resolve) => {
    process.stdout.write(content, (why) => setImmediate(() => resolve(why ?? null)));
  });
  saidLost = said;
  return error;
}

/** Prints the error that `writeOut` returned. */
export function sayLost(error: Error): void {
  onLost(process.stdout, error);
}

/**
 * From here on, output that cannot be written does not end the program: neither its work nor its exit code depends on who reads the output, or
 * on the disk that it goes to.
 */
export function outliveLostOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // oclif has put a listener on stdout that throws.
    stream.removeAllListeners('error');
    stream.on('error', (error) => onLost(stream, error));
  }
}

let saidLost = false;

/** Prints once that the output is incomplete, unless its reader has gone and wants no more (`migbackup list | head -1`). */
function onLost(stream: NodeJS.WriteStream, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  const gone = error instanceof Error && 'code' in error && error.code === 'EPIPE';
  if (stream === process.stderr || gone || saidLost) return;
  saidLost = true;
  printErr(`stdout could not be written in full: ${why}`);
}
