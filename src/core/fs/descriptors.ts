import fs from 'node:fs';

/** For all else that a run opens meanwhile: archives, lists, the lock, a child process. */
const RESERVED = 32;
const LEAST = 8;

/** How many more files this process may hold open, at most `most`, leaving room for everything else that it opens. */
export function spareDescriptors(most: number): number {
  const limit = openFilesLimit();
  if (limit === null) return most;
  return Math.max(LEAST, Math.min(most, limit - openNow() - RESERVED));
}

/** The soft limit of the process (`ulimit -n`); null where there is none or the system does not say. */
function openFilesLimit(): number | null {
  const limits = readLimits();
  if (limits !== null) return Number(/^Max open files +(\d+) /m.exec(limits)?.[1] ?? Number.NaN) || null;
  const document: { userLimits?: { open_files?: { soft?: unknown } } } = process.report.getReport();
  const soft = document.userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}

/** Linux's own text, in a hundredth of the time that Node's report takes; null elsewhere. */
function readLimits(): string | null {
  try {
    return fs.readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return null;
  }
}

/** Counted where the system lists them; elsewhere what Node itself is known to need. */
function openNow(): number {
  for (const folder of ['/proc/self/fd', '/dev/fd']) {
    try {
      return fs.readdirSync(folder).length;
    } catch {
      // Not on this system.
    }
  }
  return RESERVED;
}
