import { openSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { fromSystemError, noFolder } from '../core/model/system-error.ts';
import { print, printErr } from './output.ts';
import type { SharedFlags } from './shared-flags.ts';

/** A pino logger, or undefined unless a log was asked for. Synchronous: the last lines before a crash are the ones that matter. */
export async function openLogger(flags: SharedFlags): Promise<Logger | undefined> {
  const level = flags['log-level'];
  const file = flags['log-file'];
  if (level === undefined && file === undefined) return undefined;
  const { pino } = await import('pino');
  const write = file === undefined ? (line: string) => print(process.stderr, line) : appendTo(file);
  return pino({ name: 'migbackup', level: level ?? 'info' }, { write });
}

function openLog(file: string): number {
  const folder = path.dirname(path.resolve(file));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw noFolder(folder, 'the log', '--log-file');
  try {
    return openSync(file, 'a');
  } catch (error) {
    throw fromSystemError(error, 'the log could not be opened', file);
  }
}

/** Throws if the file cannot be opened, while nothing is done yet. If the log cannot be written later, that is only reported, and only once. */
function appendTo(file: string): (line: string) => void {
  const fd = openLog(file);
  let said = false;
  return (line) => {
    try {
      writeFileSync(fd, line);
    } catch (error) {
      if (!said)
        printErr(`the log could not be written in full: ${error instanceof Error ? error.message : String(error)}`);
      said = true;
    }
  };
}
