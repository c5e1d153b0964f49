import fs from 'node:fs';
import path from 'node:path';
import type { AttemptOptions } from './attempt-options.ts';
import { isGone } from './captured-file.ts';
import { parseFileName } from '../format/names.ts';
import type { Pins } from './pins.ts';

export interface HeldLog {
  readonly fd: number;
  readonly name: string;
  /** The end of the log when it was read, in bytes. A log only grows, so the bytes below can be read at leisure. */
  size: number;
}

/**
 * Step B of a capture: opens every log there is, until a listing shows nothing new, and only then takes where each ends, lowest number
 * first: all but the highest were closed by then (db/db_impl.cc, MakeRoomForWrite).
 */
export function pinLogs(dir: string, pins: Pins, { delay, sabotage }: AttemptOptions): Map<number, HeldLog> {
  const logs = new Map<number, HeldLog>();
  let found: boolean;
  do {
    found = false;
    for (const name of fs.readdirSync(dir)) {
      const parsed = parseFileName(name);
      if (parsed?.type !== 'log' || logs.has(parsed.number)) continue;
      let fd: number;
      try {
        fd = pins.open(path.join(dir, name));
      } catch (error) {
        // Deleted since the listing, so its flush is in the MANIFEST that is read next.
        if (isGone(error)) continue;
        throw error;
      }
      const size = sabotage.has('read-log-on-open') ? fs.fstatSync(fd).size : -1;
      logs.set(parsed.number, { fd, name, size });
      found = true;
      if (size >= 0) delay('B');
    }
    delay('B');
  } while (found && !sabotage.has('single-listing'));
  for (const [, log] of [...logs].sort(([a], [b]) => a - b)) {
    if (log.size >= 0) continue;
    log.size = fs.fstatSync(log.fd).size;
    delay('B');
  }
  return logs;
}
